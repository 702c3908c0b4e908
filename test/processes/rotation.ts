// Certificates that change under load: what the short test and the long soak have in common.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";
import { certificates, type IssuedPair } from "../../src/transport/contract/certificates.ts";
import { type Stage, sleep, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import type { LoadReport } from "./load-messages.ts";
import { SteadyLoad } from "./steady-load.ts";

const NAME = "a.example";
const EVERY_MS = 1000;
const TAKE_MS = 60_000;

export interface RotationFigures {
  readonly rotations: number;
  /** Of the two certificates that take turns. */
  readonly fingerprints: readonly string[];
  readonly report: LoadReport;
}

/** A renewed certificate and key each second, by their files alone. */
export async function rotateEachSecond(stage: Stage, durationMs: number): Promise<RotationFigures> {
  const { root, servers } = certificates();
  const pairs = [servers.a, servers.aRenewed];
  const cert = join(stage.folder, "served.pem");
  const key = join(stage.folder, "served.key");
  writePair(cert, key, servers.a);
  const listener = `tls: { certificates: [{ cert: "${cert}", key: "${key}" }] }`;
  const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), listener });
  const load = new SteadyLoad(stage, { port: gateway.port, freshEvery: 3, tls: { ca: root.cert, serverName: NAME } });
  const untilMs = performance.now() + durationMs;
  let rotations = 0;
  while (performance.now() < untilMs) {
    const dueMs = performance.now() + EVERY_MS;
    rotations++;
    const pair = pairs[rotations % 2] ?? servers.a;
    if (rotations % 2 === 0) renamePair(cert, key, pair);
    else writePair(cert, key, pair);
    const expected = toFingerprint(pair);
    await waitFor(async () => (await listFingerprints(gateway)).includes(plain(expected)), TAKE_MS, "the next certificate");
    assert.equal(await showCertificate(gateway.port, root.cert), expected);
    await sleep(Math.max(0, dueMs - performance.now()));
  }
  return { rotations, fingerprints: pairs.map(toFingerprint), report: await load.stop() };
}

/** As certbot and people do it: two files, one after the other, and for a moment they don't fit. */
function writePair(cert: string, key: string, pair: IssuedPair): void {
  writeFileSync(cert, pair.cert);
  writeFileSync(key, pair.key);
}

function renamePair(cert: string, key: string, pair: IssuedPair): void {
  writePair(`${cert}.new`, `${key}.new`, pair);
  renameSync(`${key}.new`, key);
  renameSync(`${cert}.new`, cert);
}

async function listFingerprints(gateway: GatewayFixture): Promise<string[]> {
  return (await gateway.status()).certificates.map(({ fingerprint }) => plain(fingerprint));
}

function toFingerprint({ cert }: IssuedPair): string {
  return new X509Certificate(cert).fingerprint256;
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(":", "").toLowerCase();
}

/** The fingerprint of what a new connection is shown. */
function showCertificate(port: number, ca: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ca, servername: NAME }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.once("error", reject);
  });
}
