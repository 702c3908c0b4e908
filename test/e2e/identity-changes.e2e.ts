// Callers while their gateway changes under them: identities that reloads change, rolling restarts, a worker that dies, and signing keys that
// rotate every few seconds over two gateways of one database, in front of a service that checks every token. Nobody who is known is refused.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { main } from "../../src/cli/index.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { createVerifier, requireGateway, type Verifier } from "../../src/verify/index.ts";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";
import { RequestLoad } from "./request-load.ts";

const TAKE_MS = 30_000;

describe(`callers of a gateway that changes, on ${RUNTIME}`, () => {
  const stage = new Stage();
  const issuer = new TokenIssuer();
  let file = "";
  let gateway: GatewayProcess;
  let admin = "";
  let upstream = "";
  let verifier: Verifier;
  let key = "";

  before(async () => {
    await issuer.start();
    stage.onStop(() => issuer.stop());
    upstream = await startService();
    file = stage.writeConfig(yaml(0));
    gateway = stage.launchGateway(file);
    await waitFor(() => !gateway.isAlive || /admin on/.test(gateway.err), TAKE_MS, "the gateway listens");
    assert.ok(gateway.isAlive, gateway.err);
    gateway.port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.err)?.[1]);
    admin = /admin on (http:\/\/\S+)/.exec(gateway.err)?.[1] ?? "";
    verifier = createVerifier({ issuer: "sallyport:changes", audience: "orders", jwks: `${admin}/.well-known/jwks.json` });
    key = await createKey(file);
  });
  after(() => stage.stop());

  /** Answers those alone whom the gateway's token names. */
  async function startService(): Promise<string> {
    const server = createServer((request, response) => {
      void requireGateway(verifier, { anonymous: false })(request, response).then((caller) => {
        if (caller !== null) response.end(`"${caller.id}"`);
      });
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    stage.onStop(() => {
      server.closeAllConnections();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Every revision changes each identity, and the room in which the keys of tokens are known. */
  function yaml(revision: number): string {
    return `version: 1
gateway: { name: changes, workers: 2, watch: false, stateDir: "${stage.folder}/state", drain: 5s }
admin: { address: "127.0.0.1:0" }
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
internalKeys: { rotateEvery: 4s, overlap: 2s }
identities:
  partners: { apiKey: { header: X-Api-Key, cache: { keys: ${1000 + revision} } } }
  users:
    jwt: { issuer: "${issuer.issuer}", audience: api, clockSkew: ${30 + revision}s, jwks: { url: "${issuer.url}/keys" } }
upstreams:
  orders: { endpoints: ["${upstream}"], internalToken: { audience: orders, ttl: ${2 + (revision % 2)}s } }
routes: [{ name: all, match: { path: /* }, auth: [users, partners], upstream: orders }]
telemetry: { accessLog: off }
`;
  }

  const start = () => [
    new RequestLoad({ port: gateway.port, headers: () => ({ "X-Api-Key": key }) }),
    new RequestLoad({ port: gateway.port, headers: () => ({ Authorization: `Bearer ${issuer.token()}` }) }),
  ];

  async function stop(loads: readonly RequestLoad[]): Promise<Record<string, number>[]> {
    for (const load of loads) await load.stop();
    return loads.map((load) => ({ ...load.outcomes() }));
  }

  const workers = async () => {
    const status = (await (await fetch(`${admin}/status`)).json()) as { generation: string; workers: { pid: number; state: string }[] };
    return { generation: status.generation, pids: status.workers.filter(({ state }) => state === "serving").map(({ pid }) => pid) };
  };

  it("are all served while reloads change their identities, and the signing keys rotate", async () => {
    const loads = start();
    for (let revision = 1; revision <= 5; revision++) {
      await sleep(700);
      const { generation } = await workers();
      writeFileSync(file, yaml(revision));
      gateway.child.kill("SIGHUP");
      await waitFor(async () => (await workers()).generation !== generation, TAKE_MS, "the change is in force");
    }
    await sleep(700);
    const outcomes = await stop(loads);
    tell(`reloads: ${JSON.stringify(outcomes)}`);
    for (const each of outcomes) assert.deepEqual(Object.keys(each), ["200"], gateway.err);
  });

  it("are all served over rolling restarts", async () => {
    const loads = start();
    for (let restart = 0; restart < 2; restart++) {
      await sleep(300);
      const old = new Set((await workers()).pids);
      gateway.child.kill("SIGUSR2");
      await waitFor(
        async () => {
          const { pids } = await workers();
          return pids.length === 2 && pids.every((pid) => !old.has(pid));
        },
        TAKE_MS,
        "new workers serve",
      );
    }
    await sleep(500);
    const outcomes = await stop(loads);
    tell(`restarts: ${JSON.stringify(outcomes)}`);
    for (const each of outcomes) assert.deepEqual(Object.keys(each), ["200"], gateway.err);
  });

  it("lose what a worker that dies was about to answer, and are refused by nobody", async () => {
    const loads = start();
    await sleep(500);
    const [victim] = (await workers()).pids;
    process.kill(victim!, "SIGKILL");
    await waitFor(
      async () => {
        const { pids } = await workers();
        return pids.length === 2 && !pids.includes(victim!);
      },
      TAKE_MS,
      "another worker has its place",
    );
    await sleep(500);
    for (const load of loads) await load.stop();
    for (const load of loads) {
      assert.deepEqual(
        load.answers.filter(({ status }) => status !== 0 && status !== 200),
        [],
      );
      assert.ok(load.answers.filter(({ status }) => status === 0).length <= 8);
    }
  });
});

async function createKey(config: string): Promise<string> {
  const texts = { out: "", err: "" };
  const into = (name: "out" | "err") => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const code = await main(["keys", "create", config, "--owner", "acme"], createTerminal(into("out"), into("err"), {}));
  assert.equal(code, 0, texts.err);
  return texts.out.trim();
}
