// Contract: whose client certificates are believed, and that nobody else is heard.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import type { ClientAuth } from "../tls.ts";
import { certificates, type IssuedPair } from "./certificates.ts";
import type { Recorder } from "./recorder.ts";
import { clientAuthOf, greet, showing, type TlsRig } from "./tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "./tls-subject.ts";

interface Case {
  readonly title: string;
  readonly policy: () => ClientAuth;
  /** Null shows none. */
  readonly shown: () => IssuedPair | null;
  /** What becomes of it; null: let in without one. */
  readonly verdict: "believed" | "refused" | "nobody";
  /** What the memory transport does not look at. */
  readonly realOnly?: boolean;
}

const required = (): ClientAuth => clientAuthOf(certificates().root, "required");
const optional = (): ClientAuth => clientAuthOf(certificates().root, "optional");
const withList = (list: "root" | "rootEmpty" | "rootStale" | "other" | "forged") => (): ClientAuth =>
  clientAuthOf(certificates().root, "required", [certificates().crls[list]]);
const client = (name: keyof ReturnType<typeof certificates>["clients"]) => (): IssuedPair => certificates().clients[name];
const none = (): null => null;

const CASES: readonly Case[] = [
  { title: "one of the authority", policy: required, shown: client("good"), verdict: "believed" },
  { title: "one of the authority where none is needed", policy: optional, shown: client("good"), verdict: "believed" },
  { title: "one behind an intermediate in its chain", policy: required, shown: client("chained"), verdict: "believed" },
  { title: "none where one is required", policy: required, shown: none, verdict: "refused" },
  { title: "none where none is needed", policy: optional, shown: none, verdict: "nobody" },
  { title: "one of another authority", policy: required, shown: client("wrongCa"), verdict: "refused" },
  { title: "one of another authority, even where none is needed", policy: optional, shown: client("wrongCa"), verdict: "refused" },
  { title: "one of an authority by the same name with another key", policy: required, shown: client("impostor"), verdict: "refused" },
  { title: "one that has expired", policy: required, shown: client("expired"), verdict: "refused" },
  { title: "one that is not valid yet", policy: required, shown: client("notYetValid"), verdict: "refused" },
  { title: "one signed by itself", policy: required, shown: client("selfSigned"), verdict: "refused" },
  { title: "one that is for servers only", policy: required, shown: client("serverUsage"), verdict: "refused" },
  { title: "one that a client's certificate signed", policy: required, shown: client("underLeaf"), verdict: "refused" },
  { title: "one that is revoked", policy: withList("root"), shown: client("revoked"), verdict: "refused" },
  {
    title: "one that is revoked, by a list that does not say so",
    policy: withList("rootEmpty"),
    shown: client("revoked"),
    verdict: "believed",
  },
  { title: "one that is not revoked", policy: withList("root"), shown: client("good"), verdict: "believed" },
  { title: "none where there is a list", policy: withList("root"), shown: none, verdict: "refused" },
  {
    title: "a good one when the list is out of date",
    policy: withList("rootStale"),
    shown: client("good"),
    verdict: "refused",
    realOnly: true,
  },
  {
    title: "a good one when there is the list of another authority only",
    policy: withList("other"),
    shown: client("good"),
    verdict: "refused",
    realOnly: true,
  },
  { title: "a good one when the list is forged", policy: withList("forged"), shown: client("good"), verdict: "refused", realOnly: true },
];

/** What the transport's own client shows, over TLS 1.3. */
export function clientsContract(rig: TlsRig): void {
  describe("client certificates", () => {
    for (const { title, policy, shown, verdict, realOnly = false } of CASES) {
      if (realOnly && rig.subject.transport.name === "memory") continue;
      it(`${sayVerdict(verdict)} ${title}`, async () => {
        const identity = toIdentity(certificates().servers.a, policy());
        const { near, far } = await rig.shake(serverTlsFor(identity), clientTlsFor("a.example", { identity: shown() }));
        await checkVerdict(far, verdict, shown());
        if (verdict !== "refused") return;
        await near.until(() => near.isClosed || near.isEnded);
      });
    }

    it("asks nobody who is not to be asked, and reports no certificate", async () => {
      const { far } = await rig.shake(
        serverTlsFor(toIdentity(certificates().servers.a)),
        clientTlsFor("a.example", { identity: certificates().clients.good }),
      );
      assert.equal(far.socket.tls?.peerCertificate, null);
      assert.equal(far.socket.tls?.identity?.clientAuth, null);
    });

    it("judges each name by its own policy on one listener", async () => {
      const open = toIdentity(certificates().servers.a);
      const strict = toIdentity(certificates().servers.b, required());
      const server = await rig.listen(serverTlsFor(open, { select: (name) => (name === "b.example" ? strict : open) }));
      for (const [name, isLetIn] of [
        ["b.example", false],
        ["a.example", true],
        ["b.example", false],
      ] as const) {
        const near = rig.connect(server.address, clientTlsFor(name));
        const far = await server.next();
        await far.until(() => far.isClosed || far.events.includes("secure"));
        assert.equal(far.events.includes("secure"), isLetIn);
        near.call((socket) => socket.close());
      }
    });
  });
}

/** The same table by openssl, over both versions. */
export function opensslClientsContract(rig: TlsRig): void {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    describe(`client certificates by openssl ${version}`, () => {
      for (const { title, policy, shown, verdict } of CASES) {
        it(`${sayVerdict(verdict)} ${title}`, async () => {
          const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a, policy())), greet);
          const pair = shown();
          const run = rig.sClient(
            server.address,
            [version, "-servername", "a.example", ...(pair === null ? [] : showing(pair))],
            "early\n",
          );
          const far = await server.next();
          await checkVerdict(far, verdict, pair);
          far.call((socket) => socket.close());
          assert.equal((await run).output.includes("greeting"), verdict !== "refused");
        });
      }

      for (const [title, name] of [
        ["a key that can be broken", "weakKey"],
        ["a signature that can be forged", "weakSignature"],
      ] as const) {
        it(`refuse one with ${title}`, async () => {
          const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a, optional())), greet);
          // Or else openssl would not show it.
          const lowered = ["-cipher", "DEFAULT:@SECLEVEL=0"];
          const shown = certificates().clients[name];
          const run = rig.sClient(server.address, [version, ...lowered, "-servername", "a.example", ...showing(shown)], "early\n");
          await checkVerdict(await server.next(), "refused", shown);
          assert.equal((await run).output.includes("greeting"), false);
        });
      }
    });
  }
}

function sayVerdict(verdict: Case["verdict"]): string {
  return { believed: "believe", refused: "refuse", nobody: "let in" }[verdict];
}

async function checkVerdict(far: Recorder, verdict: Case["verdict"], shown: IssuedPair | null): Promise<void> {
  await far.until(() => far.isClosed || far.events.includes("secure"));
  if (verdict === "refused") {
    await far.closed();
    assert.equal(far.error, "ETLSCERT");
    assert.notEqual(far.socket.errorDetail, "");
    assert.equal(far.story(), "close");
    assert.equal(far.socket.tls, null);
    return;
  }
  const { tls } = far.socket;
  assert.ok(tls);
  const expected = verdict === "nobody" || shown === null ? null : new X509Certificate(shown.cert).raw;
  assert.deepEqual(tls.peerCertificate === null ? null : Buffer.from(tls.peerCertificate), expected);
}
