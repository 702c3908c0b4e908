// Bodies at full size: 10 GB each way through 1,000 connections, and 4 GiB through one.

import assert from "node:assert/strict";
import { download, upload } from "../e2e/bulk-transfer.ts";
import { pauseDownloads, uploadMany } from "../e2e/floods.ts";
import { patternDigest } from "../e2e/pattern.ts";
import { type GatewayProcess, Stage, tell, toMiB } from "../e2e/processes.ts";
import { measure } from "./measure.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;
const CONNECTIONS = 1000;
const BODY_BYTES = 10_000_000;
const SINGLE_BYTES = 4 * GIB;
const SINGLE_GROWTH_BYTES = 96 * MIB;
const PER_CONNECTION_BYTES = 2 * MIB;
const HOLD_MS = 3000;

export async function soak(): Promise<void> {
  const stage = new Stage();
  const upstream = await stage.startService();

  function start(): Promise<GatewayProcess> {
    return stage.startGateway({
      upstream,
      bounds: "body: off, minBodyRate: off",
      pool: "connections: 2000, pending: 2000",
      routeTimeout: "off",
      workers: 1,
    });
  }

  await measure(`upload and download of ${toMiB(SINGLE_BYTES)}`, async () => {
    const gateway = await start();
    await upload(gateway, 16 * MIB, false);
    const expected = patternDigest(SINGLE_BYTES);
    const transfers = [
      ["upload", await upload(gateway, SINGLE_BYTES, false)],
      ["upload in chunks", await upload(gateway, SINGLE_BYTES, true)],
      ["download", await download(gateway, SINGLE_BYTES, 0, expected)],
    ] as const;
    for (const [what, transfer] of transfers) {
      tell(`${what}: ${Math.round(SINGLE_BYTES / MIB / transfer.seconds)} MiB/s, memory +${toMiB(transfer.growthBytes)}`);
      assert.equal(transfer.receivedDigest, transfer.sentDigest);
      assert.ok(transfer.growthBytes < SINGLE_GROWTH_BYTES, `grew by ${toMiB(transfer.growthBytes)}`);
    }
    await gateway.stop();
  });

  await measure(`10 GB downloaded through ${CONNECTIONS} connections that are read late`, async () => {
    const gateway = await start();
    const result = await pauseDownloads(gateway, CONNECTIONS, BODY_BYTES, HOLD_MS);
    tell(
      `${toMiB(result.receivedBytes)} in ${result.seconds.toFixed(1)} s, ${result.incomplete} incomplete; memory +${toMiB(result.heldGrowthBytes)} while held, +${toMiB(result.growthBytes)} at its peak: ${Math.round(result.growthPerConnectionBytes / 1024)} KiB a connection`,
    );
    assert.equal(result.incomplete, 0);
    assert.ok(result.growthPerConnectionBytes < PER_CONNECTION_BYTES);
    await gateway.stop();
  });

  await measure(`10 GB uploaded through ${CONNECTIONS} connections`, async () => {
    const gateway = await start();
    const result = await uploadMany(gateway, CONNECTIONS, BODY_BYTES);
    tell(
      `${result.complete} complete in ${result.seconds.toFixed(1)} s; memory +${toMiB(result.growthBytes)}: ${Math.round(result.growthBytes / CONNECTIONS / 1024)} KiB a connection`,
    );
    assert.equal(result.complete, CONNECTIONS);
    assert.ok(result.growthBytes / CONNECTIONS < PER_CONNECTION_BYTES);
    await gateway.stop();
  });

  await stage.stop();
}
