// What a request body holds of our memory.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientSide } from "../http/index.ts";
import { type BodyReader, RequestBody } from "./request-body.ts";

const IDLE_CLIENT = { resumeRequest() {}, pauseRequest() {} } as unknown as ClientSide;

function createBody(): RequestBody {
  return new RequestBody({ client: IDLE_CLIENT, onRequestFault() {}, onBug() {}, resume: () => true });
}

class Reader implements BodyReader {
  bodyCursor = 0;
  bodyBlocked = false;
  bodyEnded = false;
  readonly isShadow = false;
  text = "";

  onBodyChunk(chunk: Uint8Array): boolean {
    this.text += Buffer.from(chunk).toString("latin1");
    return true;
  }

  onBodyEnd(): void {}

  onBodyLost(): void {}
}

describe("a body kept for a replay", () => {
  it("is kept as long as it is small", () => {
    const body = createBody();
    const first = new Reader();
    body.keep(64 * 1024);
    body.attach(first);
    for (let i = 0; i < 4; i++) body.push(new Uint8Array(15_000));
    assert.ok(body.isIntact);
    body.push(new Uint8Array(15_000));
    assert.ok(!body.isIntact);
    assert.equal(first.text.length, 75_000);
  });

  it("but not in pieces so small that they cost a hundred times their number", () => {
    const body = createBody();
    const reader = new Reader();
    body.keep(64 * 1024);
    body.attach(reader);
    for (let i = 0; i < 100; i++) body.push(Buffer.from("x"));
    assert.ok(body.isIntact);
    for (let i = 0; i < 1_000; i++) body.push(Buffer.from("x"));
    assert.ok(!body.isIntact);
    assert.equal(body.heldBytes, 0);
    assert.equal(reader.text.length, 1_100);
  });
});
