// A gateway that gets its certificate from Pebble: started without one, asked for one on the way, renewed, and started again from disk.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, it } from "node:test";
import { connect } from "node:tls";
import { type Pebble, startPebble, whyNoPebble } from "./pebble.ts";
import { RunningGateway } from "./running-gateway.ts";

type Challenge = "http-01" | "tls-alpn-01";

const opened: { stop(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.stop();
});

function makeFolder(pebble: Pebble): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-acme-e2e-"));
  opened.push({ stop: () => rmSync(folder, { recursive: true, force: true }) });
  writeFileSync(join(folder, "pebble.pem"), pebble.ca);
  return folder;
}

function toText(pebble: Pebble, challenge: Challenge): string {
  return `version: 1
gateway: { name: edge, stateDir: ./state, workers: 2, drain: 1s }
admin: { address: 127.0.0.1:0 }
acme: { directory: "${pebble.directory}", email: ops@example.com, challenge: ${challenge}, ca: pebble.pem }
listeners:
  - { name: http, address: "127.0.0.1:${pebble.httpPort}" }
  - { name: https, address: "127.0.0.1:${pebble.tlsPort}", tls: { certificates: [{ acme: { names: [localhost] } }] } }
routes:
  - { name: hello, match: { path: /hello }, public: true, respond: { body: hello } }
telemetry: { accessLog: off }
`;
}

async function start(folder: string, text: string): Promise<RunningGateway> {
  writeFileSync(join(folder, "gateway.yaml"), text);
  const gateway = await RunningGateway.start(join(folder, "gateway.yaml"));
  opened.push(gateway);
  return gateway;
}

/** Names and serial of the certificate that answers; null while none does. */
function look(port: number): Promise<{ names: string; serial: string } | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, servername: "localhost", rejectUnauthorized: false }, () => {
      const { subjectaltname = "", serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      resolve({ names: subjectaltname, serial: serialNumber });
    });
    socket.on("error", () => resolve(null));
  });
}

async function until<Value>(what: string, read: () => Promise<Value | null>): Promise<Value> {
  for (let tries = 0; tries < 200; tries++) {
    const value = await read();
    if (value !== null) return value;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`${what} did not come within 20 s`);
}

describe("a gateway with an authority", { skip: whyNoPebble() }, () => {
  for (const challenge of ["http-01", "tls-alpn-01"] as const) {
    it(`gets its certificate by ${challenge} while it serves, and keeps it over a restart`, async () => {
      const pebble = await startPebble();
      opened.push(pebble);
      const folder = makeFolder(pebble);
      const text = toText(pebble, challenge);
      const first = await start(folder, text);
      const got = await until("a certificate", () => look(pebble.tlsPort));
      assert.equal(got.names, "DNS:localhost");
      // Every worker has it.
      for (let i = 0; i < 20; i++) assert.deepEqual(await look(pebble.tlsPort), got);
      assert.match(first.stderr, /acme: a certificate for localhost was issued/);
      await first.stop();
      pebble.stop();
      const second = await start(folder, text);
      assert.deepEqual(await look(pebble.tlsPort), got);
      assert.doesNotMatch(second.stderr, /error/);
    });
  }

  it("serves everything else while no authority answers, and says when it tries again", async () => {
    const pebble = await startPebble();
    const folder = makeFolder(pebble);
    pebble.stop();
    const gateway = await start(folder, toText(pebble, "http-01"));
    await until("a word of the failure", async () =>
      /acme: no certificate for localhost: .*the next try is at/.test(gateway.stderr) ? true : null,
    );
    const answer = await fetch(`http://127.0.0.1:${pebble.httpPort}/hello`);
    assert.equal(await answer.text(), "hello");
    assert.equal(await look(pebble.tlsPort), null);
  });

  it("asks for another one in time, and loses no connection by it", async () => {
    // A third of its life is left when it is renewed: after some eight seconds.
    const pebble = await startPebble({ lifetimeSeconds: 12 });
    opened.push(pebble);
    const folder = makeFolder(pebble);
    await start(folder, toText(pebble, "http-01"));
    const first = await until("a certificate", () => look(pebble.tlsPort));
    const next = await until("another certificate", async () => {
      const answer = await fetch(`http://127.0.0.1:${pebble.httpPort}/hello`);
      assert.equal(answer.status, 200);
      const seen = await look(pebble.tlsPort);
      assert.ok(seen !== null, "a handshake was refused");
      return seen.serial === first.serial ? null : seen;
    });
    assert.equal(next.names, "DNS:localhost");
    const state = join(folder, "state", "acme");
    assert.equal(readdirSync(state).length, 1);
  });
});
