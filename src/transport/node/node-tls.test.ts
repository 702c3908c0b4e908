import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { Recorder } from "../contract/recorder.ts";
import { tlsContract } from "../tls.contract.ts";
import { nodeTransport } from "./index.ts";

const WHY_NOT = process.versions.bun === undefined ? false : "the node transport shakes no hands on Bun, where the bun transport does";

tlsContract("node", () => ({ transport: nodeTransport(), countOpen: countDescriptors, openBlackhole }), WHY_NOT);

describe("node transport on Bun", { skip: WHY_NOT === false ? "not on Bun" : false }, () => {
  it("refuses TLS in words", async () => {
    const tls = { minVersion: "TLSv1.2", protocols: [], select: () => null } as const;
    await assert.rejects(
      nodeTransport().listen({ host: "127.0.0.1", port: 0 }, () => new Recorder(), { tls }),
      /no TLS on Bun/,
    );
  });
});
