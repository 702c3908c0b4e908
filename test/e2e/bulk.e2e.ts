// Uploads and downloads far larger than any buffer: the same bytes at both ends, and a gateway that holds next to none of them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { download, type Transfer, upload } from "./bulk-transfer.ts";
import { patternDigest } from "./pattern.ts";
import { type GatewayProcess, RUNTIME, Stage, tell, toMiB } from "./processes.ts";

const MIB = 1024 * 1024;
const BODY_BYTES = 1024 * MIB;
/** Node's own buffers and its collector take more of it than Bun's. */
const GROWTH_BYTES = (RUNTIME === "bun" ? 64 : 96) * MIB;
const PAUSE_MS = 1500;

describe(`large bodies on ${RUNTIME}`, () => {
  const stage = new Stage();
  const expected = patternDigest(BODY_BYTES);
  let gateway: GatewayProcess;

  before(async () => {
    gateway = await stage.startGateway({ upstream: await stage.startService(), workers: 1 });
    // Code compiled and pools filled: what is measured is what grows from then on.
    await upload(gateway, 16 * MIB, false);
    await download(gateway, 16 * MIB, 0, "");
  });

  after(() => stage.stop());

  function judge(what: string, transfer: Transfer): void {
    tell(
      `${what} of ${toMiB(transfer.bytes)}: ${Math.round(transfer.bytes / MIB / transfer.seconds)} MiB/s, gateway's memory +${toMiB(transfer.growthBytes)} at its peak (bound ${toMiB(GROWTH_BYTES)})`,
    );
    assert.equal(transfer.receivedDigest, transfer.sentDigest, "the same bytes at both ends");
    assert.ok(transfer.growthBytes < GROWTH_BYTES, `grew by ${toMiB(transfer.growthBytes)}`);
  }

  it("upload with Content-Length", async () => judge("upload", await upload(gateway, BODY_BYTES, false)));
  it("upload in chunks", async () => judge("upload in chunks", await upload(gateway, BODY_BYTES, true)));
  it("download", async () => judge("download", await download(gateway, BODY_BYTES, 0, expected)));
  it("download by a client that begins to read late", async () =>
    judge(`download read ${PAUSE_MS} ms late`, await download(gateway, BODY_BYTES, PAUSE_MS, expected)));
});
