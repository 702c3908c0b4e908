// Client certificates as identities, over real sockets, with certificates that openssl made and clients that are curl and openssl: whoever
// the listener's authorities, lists and dates do not vouch for is never a principal, whichever version, protocol or resumed session it
// comes with, and whatever its headers claim.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { connect } from "node:tls";
import { systemClock } from "../../src/base/index.ts";
import { type GatewayConfig, parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { MemoryLineSink } from "../../src/telemetry/index.ts";
import { type Certificates, certificates, type IssuedPair, whyNoCertificates } from "../../src/transport/contract/certificates.ts";
import { defaultTransport } from "../../src/transport/index.ts";
import { missing, RUNTIME, run, Stage, waitFor } from "./processes.ts";

const VERSIONS = [
  ["1.2", ["--tlsv1.2", "--tls-max", "1.2"], "-tls1_2"],
  ["1.3", ["--tlsv1.3"], "-tls1_3"],
] as const;

interface Answer {
  /** 0: the handshake, or the connection, was refused. */
  readonly status: number;
  /** What the service was told of who calls; null when it was not asked. */
  readonly user: string | null;
}

describe(`client certificates as identities on ${RUNTIME}`, { skip: whyNoCertificates() || missing("curl", "openssl") }, () => {
  const stage = new Stage();
  let made: Certificates;
  let gateway: Gateway;
  let config: GatewayConfig;
  let upstream = "";

  function configure(list: string): GatewayConfig {
    const tls = (mode: string) => {
      const { certPath, keyPath } = made.servers.a;
      const clientAuth = `clientAuth: { ca: ${made.root.certPath}, crl: ${list}, mode: ${mode} }`;
      return `protocols: [h2, http/1.1], tls: { certificates: [{ cert: ${certPath}, key: ${keyPath}, ${clientAuth} }] }`;
    };
    const text = `version: 1
listeners:
  - { name: required, address: "127.0.0.1:0", ${tls("required")} }
  - { name: optional, address: "127.0.0.1:0", ${tls("optional")} }
  - { name: plain, address: "127.0.0.1:0" }
upstreams: { echo: { endpoints: ["${upstream}"] } }
identities:
  services: { mtls: { headers: { X-User-Id: spiffe, X-Serial: serial } } }
  shop: { mtls: { ids: ["spiffe://example/g*"] } }
routes:
  - { name: any, match: { path: /any }, auth: [services], upstream: echo }
  - { name: shop, match: { path: /shop }, auth: [shop], upstream: echo }
`;
    const { config: read, issues } = parseConfig(text, join(stage.folder, "gateway.yaml"));
    assert.deepEqual(
      issues.filter(({ severity }) => severity === "error"),
      [],
    );
    return read ?? assert.fail();
  }

  const portOf = (name: string): number => {
    const { address } = gateway.listeners.find((each) => each.name === name) ?? assert.fail(name);
    return "port" in address ? address.port : assert.fail();
  };

  before(async () => {
    made = certificates();
    upstream = await stage.startService();
    for (const name of ["root", "rootEmpty"] as const) writeFileSync(join(stage.folder, `${name}.crl`), made.crls[name]);
    config = configure(join(stage.folder, "root.crl"));
    gateway = await createGateway(config, { transport: defaultTransport(), clock: systemClock, logSink: new MemoryLineSink() });
  });
  after(async () => {
    await gateway?.stop(0);
    await stage.stop();
  });

  /** Asks by curl; with `pair` as its certificate, or none. */
  async function curl(listener: string, pair: IssuedPair | null, ...args: readonly string[]): Promise<Answer> {
    const port = portOf(listener);
    const scheme = listener === "plain" ? "http" : "https";
    const own = pair === null ? [] : ["--cert", pair.certPath, "--key", pair.keyPath];
    const known = ["--cacert", made.root.certPath, "--resolve", `a.example:${port}:127.0.0.1`];
    const path = args.includes("/shop") ? "/shop" : "/any";
    const more = args.filter((each) => each !== "/shop");
    const { out } = await run("curl", [
      "-s",
      "--max-time",
      "10",
      "-w",
      "\n%{http_code}",
      ...known,
      ...own,
      ...more,
      `${scheme}://a.example:${port}${path}`,
    ]);
    const status = Number(out.slice(out.lastIndexOf("\n") + 1));
    return { status, user: status === 200 ? userOf(out) : null };
  }

  /** Asks by openssl, beginning with a session of before or keeping one for later. */
  async function ask(listener: string, pair: IssuedPair | null, version: string, how: readonly string[]) {
    const own = pair === null ? [] : ["-cert", pair.certPath, "-key", pair.keyPath];
    const at = ["-connect", `127.0.0.1:${portOf(listener)}`, "-servername", "a.example", "-CAfile", made.root.certPath];
    const request = "GET /any HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n";
    const { out } = await run("openssl", ["s_client", ...at, version, "-ign_eof", ...how, ...own], Buffer.from(request));
    const status = Number(/^HTTP\/1\.1 (\d+) /m.exec(out)?.[1] ?? 0);
    return { status, user: status === 200 ? userOf(out) : null, isResumed: /^Reused, /m.test(out) };
  }

  /** Where the gateway gives none out there is none to come with. */
  const sessionOf = (file: string): string[] => (existsSync(file) ? ["-sess_in", file] : []);

  const userOf = (text: string): string | null => /"x-user-id":\s*"([^"]*)"/.exec(text)?.[1] ?? null;

  for (const [version, args] of VERSIONS) {
    for (const protocol of ["--http1.1", "--http2"]) {
      it(`are principals when they are good, over TLS ${version} and ${protocol.slice(2)}`, async () => {
        const { good, chained } = made.clients;
        for (const listener of ["required", "optional"]) {
          assert.deepEqual(await curl(listener, good, protocol, ...args), { status: 200, user: "spiffe://example/good" });
        }
        // Its authority has no list of its own, and a list is asked for of every authority.
        assert.equal((await curl("required", chained, protocol, ...args)).status, 0);
        assert.equal((await curl("required", good, protocol, ...args, "/shop")).status, 200);
      });

      it(`are nobody when they are not, over TLS ${version} and ${protocol.slice(2)}`, async () => {
        const { wrongCa, impostor, expired, notYetValid, revoked, selfSigned, serverUsage, underLeaf } = made.clients;
        const bad = { wrongCa, impostor, expired, notYetValid, revoked, selfSigned, serverUsage, underLeaf };
        await Promise.all(
          Object.entries(bad).flatMap(([name, pair]) =>
            ["required", "optional"].map(async (listener) => {
              const answer = await curl(listener, pair, protocol, ...args);
              assert.ok(answer.status === 0 && answer.user === null, `${name} at ${listener}: ${JSON.stringify(answer)}`);
            }),
          ),
        );
      });
    }
  }

  it("are missing with 401 where they are optional, and no header takes their place", async () => {
    const pem = made.clients.good.cert.replaceAll("\n", "");
    const claims = [
      ["X-Forwarded-Client-Cert", `Hash=00;URI=spiffe://example/good;Cert="${encodeURIComponent(pem)}"`],
      ["Client-Cert", `:${pem.replaceAll(/-----[^-]+-----/g, "")}:`],
      ["X-Client-Cert", pem],
      ["X-SSL-Client-S-DN", "CN=client-good"],
      ["SSL_CLIENT_CERT", pem],
      ["X-User-Id", "spiffe://example/good"],
    ] as const;
    const headers = claims.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    for (const listener of ["optional", "plain"]) {
      assert.deepEqual(await curl(listener, null, ...headers), { status: 401, user: null });
    }
    assert.deepEqual(await curl("required", null, ...headers), { status: 0, user: null });
    assert.deepEqual(await curl("required", made.clients.good, ...headers), { status: 200, user: "spiffe://example/good" });
  });

  for (const [version, , flag] of VERSIONS) {
    it(`are shown in each handshake: no session stands for one, over TLS ${version}`, async () => {
      const file = join(stage.folder, `good-${version}.session`);
      const user = "spiffe://example/good";
      const first = await ask("optional", made.clients.good, flag, ["-sess_out", file]);
      assert.deepEqual(first, { status: 200, user, isResumed: false });
      assert.deepEqual(await ask("optional", null, flag, sessionOf(file)), { status: 401, user: null, isResumed: false });
      assert.deepEqual(await ask("optional", made.clients.good, flag, sessionOf(file)), { status: 200, user, isResumed: false });
    });

    it(`are nobody in a session from before they were revoked, over TLS ${version}`, async () => {
      const { revoked, good } = made.clients;
      const file = join(stage.folder, `revoked-${version}.session`);
      (await gateway.prepare(relist("rootEmpty.crl"))).commit();
      const before = await ask("optional", revoked, flag, ["-sess_out", file]);
      assert.deepEqual(before, { status: 200, user: "spiffe://example/revoked", isResumed: false });
      (await gateway.prepare(relist("root.crl"))).commit();
      assert.deepEqual(await ask("optional", null, flag, sessionOf(file)), { status: 401, user: null, isResumed: false });
      assert.deepEqual(await ask("optional", revoked, flag, sessionOf(file)), { status: 0, user: null, isResumed: false });
      assert.equal((await curl("optional", good)).user, "spiffe://example/good");
    });
  }

  it("are asked for anew on a connection that was open when the lists changed", async () => {
    (await gateway.prepare(relist("rootEmpty.crl"))).commit();
    const { cert, key } = made.clients.revoked;
    const socket = connect({ host: "127.0.0.1", port: portOf("required"), servername: "a.example", ca: made.root.cert, cert, key });
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("error", () => {});
    const request = "GET /any HTTP/1.1\r\nHost: a.example\r\n\r\n";
    socket.write(request);
    await waitFor(() => text.includes("spiffe://example/revoked"), 10_000, "the first answer");
    assert.match(text, /^HTTP\/1\.1 200 /);
    text = "";
    (await gateway.prepare(relist("root.crl"))).commit();
    socket.write(request);
    await waitFor(() => text.includes("\r\n\r\n"), 10_000, "the second answer");
    assert.match(text, /^HTTP\/1\.1 421 /);
    assert.doesNotMatch(text, /spiffe:/);
    socket.destroy();
  });

  /** The configuration with another list, at the addresses that are bound. */
  function relist(list: string): GatewayConfig {
    const next = configure(join(stage.folder, list));
    return { ...next, listeners: next.listeners.map((listener, index) => ({ ...listener, address: config.listeners[index]!.address })) };
  }

  it("are refused where the route takes others alone", async () => {
    (await gateway.prepare(relist("rootEmpty.crl"))).commit();
    assert.deepEqual(await curl("required", made.clients.revoked, "/shop"), { status: 401, user: null });
    assert.equal((await curl("required", made.clients.good, "/shop")).status, 200);
    (await gateway.prepare(relist("root.crl"))).commit();
  });
});
