import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { connect, createServer } from "node:tls";
import { judgeClientAuth, RevocationList } from "./index.ts";
import { AUTHORITY, type Forged, forge, forgeList, toDer, whyNoForge } from "./testdata/certificate-forge.ts";

const now = Date.now() + 3_600_000;

/** Whether the runtime believes the certificate of a client. */
async function isBelieved(client: Forged, server: Forged, ca: string, crl: readonly string[]): Promise<boolean> {
  let isAuthorized: boolean | null = null;
  const options = { ...server, ca, ...(crl.length > 0 && { crl: [...crl] }), requestCert: true, rejectUnauthorized: false };
  const listener = createServer(options, (socket) => {
    isAuthorized = socket.authorized;
    socket.on("error", () => {});
    socket.end();
  });
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", ...client, rejectUnauthorized: false });
    socket.on("close", () => resolve());
    socket.on("error", reject);
    socket.resume();
  });
  await new Promise<void>((resolve) => listener.close(() => resolve()));
  if (isAuthorized === null) assert.fail("no handshake came");
  return isAuthorized;
}

describe("what is judged of trust", { skip: whyNoForge() }, () => {
  const forgeAll = () => {
    const root = forge({ subject: "/CN=root", extensions: AUTHORITY });
    const other = forge({ subject: "/CN=other", extensions: AUTHORITY });
    const middle = forge({ subject: "/CN=middle", extensions: AUTHORITY, issuer: root });
    const client = (issuer: Forged) => forge({ extensions: "extendedKeyUsage=clientAuth", issuer });
    const below = client(middle);
    const server = forge({ extensions: "subjectAltName=DNS:a.example" });
    const past = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20210101000000Z"];
    const point = "issuingDistributionPoint=@p\n[p]\nfullname=URI:http://crl.example/1";
    return {
      server,
      cases: [
        { title: "a root", ca: root, codes: [], client: client(root) },
        { title: "a root with its list", ca: root, crl: [forgeList(root, [])], codes: [], client: client(root) },
        { title: "an authority below its root", ca: root, more: middle, codes: [], client: below },
        { title: "an authority without its root", ca: middle, codes: ["SP_TLS_CA_NO_ROOT"], client: below },
        { title: "an authority beside another root", ca: other, more: middle, codes: ["SP_TLS_CA_INCOMPLETE"], client: below },
        {
          title: "a list that is overdue",
          ca: root,
          crl: [forgeList(root, [], "", past)],
          codes: ["SP_TLS_CRL_OVERDUE"],
          client: client(root),
        },
        {
          title: "a list with a place",
          ca: root,
          crl: [forgeList(root, [], point)],
          codes: ["SP_TLS_CRL_UNSUPPORTED"],
          client: client(root),
        },
        { title: "a list of another root", ca: root, crl: [forgeList(other, [])], codes: ["SP_TLS_CRL_FOREIGN"], client: client(root) },
        {
          title: "two roots, one list",
          ca: root,
          more: other,
          crl: [forgeList(root, [])],
          codes: ["SP_TLS_CRL_INCOMPLETE"],
          client: client(other),
        },
        {
          title: "lists without the root's",
          ca: root,
          more: middle,
          crl: [forgeList(middle, [])],
          codes: ["SP_TLS_CRL_INCOMPLETE"],
          client: below,
        },
        {
          title: "lists of the whole chain",
          ca: root,
          more: middle,
          crl: [forgeList(middle, []), forgeList(root, [])],
          codes: [],
          client: below,
        },
      ] satisfies Case[],
    };
  };

  interface Case {
    readonly title: string;
    readonly ca: Forged;
    readonly more?: Forged;
    readonly crl?: readonly string[];
    readonly codes: readonly string[];
    readonly client: Forged;
  }

  it("is what the runtime then does: it believes where nothing is found, and refuses where something is", async () => {
    const { server, cases } = forgeAll();
    for (const { title, ca, more, crl = [], codes, client } of cases as Case[]) {
      const bundle = ca.cert + (more?.cert ?? "");
      const findings = judgeClientAuth({ mode: "required", ca: bundle, caFile: "", crl }, now);
      assert.deepEqual(
        findings.map(({ code }) => code),
        codes,
        title,
      );
      assert.equal(await isBelieved(client, server, bundle, crl), codes.length === 0, title);
    }
  });

  it("has the same certificates revoked as the runtime", async () => {
    const root = forge({ subject: "/CN=root", extensions: AUTHORITY });
    const server = forge({ extensions: "subjectAltName=DNS:a.example" });
    // Serial numbers with a high bit and with a leading zero digit: where two writers of numbers part.
    for (const serial of [
      "0x05",
      "0x0080",
      "0xff",
      "0x0a1b2c",
      "0x7f000000000000000000000000000001",
      "0x80ff00000000000000000000000000ff",
    ]) {
      const client = forge({ extensions: "extendedKeyUsage=clientAuth", issuer: root, extraArgs: ["-set_serial", serial] });
      for (const [list, isRevoked] of [
        [forgeList(root, [serial.slice(2), "1234"]), true],
        [forgeList(root, ["1234"]), false],
      ] as const) {
        assert.equal(RevocationList.ofPem([list]).isRevoked(toDer(client.cert)), isRevoked, serial);
        assert.equal(await isBelieved(client, server, root.cert, [list]), !isRevoked, serial);
      }
    }
  });
});
