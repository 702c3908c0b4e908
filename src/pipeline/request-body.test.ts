import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Fault } from "../base/index.ts";
import type { ClientSide, Fields } from "../http/index.ts";
import { type BodyOwner, type BodyReader, RequestBody } from "./request-body.ts";

class Owner implements BodyOwner {
  /** How often the client was asked for more. */
  asked = 0;
  fault: string | null = null;
  collected: number | null = null;
  readonly client = { resumeRequest: () => this.asked++ } as unknown as ClientSide;

  onRequestFault(fault: Fault): void {
    this.fault ??= fault.kind.code;
  }

  resume(ticket: number): boolean {
    this.collected = ticket;
    return true;
  }

  onBug(error: unknown): void {
    throw error;
  }
}

class Reader implements BodyReader {
  bodyCursor = 0;
  bodyBlocked = false;
  bodyEnded = false;
  readonly isShadow: boolean;
  /** Takes this many chunks, then wants a pause. */
  appetite: number;
  text = "";
  ends = 0;
  lost: string | null = null;

  constructor(isShadow = false, appetite = Number.POSITIVE_INFINITY) {
    this.isShadow = isShadow;
    this.appetite = appetite;
  }

  onBodyChunk(chunk: Uint8Array): boolean {
    assert.equal(this.ends, 0, "a chunk behind the end");
    this.text += Buffer.from(chunk).toString();
    return --this.appetite > 0;
  }

  onBodyEnd(_trailers: Fields | null): void {
    this.ends++;
  }

  onBodyLost(fault: Fault): void {
    this.lost = fault.kind.code;
  }

  feed(body: RequestBody, chunks: number): void {
    this.appetite = chunks;
    this.bodyBlocked = false;
    body.pump(this);
  }
}

const bytes = (text: string) => Buffer.from(text);

describe("a request body", () => {
  it("lets go of what was kept for another attempt once there will be none, but not of what a slow reader still needs", () => {
    const body = new RequestBody(new Owner());
    body.keep(100);
    const [fast, slow] = [new Reader(), new Reader(false, 1)];
    body.attach(fast);
    body.attach(slow);
    for (const text of ["ab", "cd", "ef"]) body.push(bytes(text));
    assert.equal(body.heldBytes, 6);
    body.keepNoMore();
    assert.equal(body.heldBytes, 4);
    slow.feed(body, 9);
    assert.deepEqual([slow.text, body.heldBytes], ["abcdef", 0]);
    body.push(bytes("gh"));
    assert.equal(body.heldBytes, 0);
  });

  it("keeps nothing when there is one reader and no replay", () => {
    const body = new RequestBody(new Owner());
    const reader = new Reader();
    body.attach(reader);
    for (let i = 0; i < 100; i++) {
      assert.equal(body.push(bytes("x".repeat(1000))), true);
      assert.equal(body.heldBytes, 0);
    }
    body.end(null, 1);
    assert.deepEqual([reader.text.length, reader.ends, body.isIntact], [100_000, 1, false]);
  });

  it("asks for a pause when its reader can't take more, and for more when it can", () => {
    const owner = new Owner();
    const body = new RequestBody(owner);
    const reader = new Reader(false, 1);
    body.attach(reader);
    assert.equal(body.push(bytes("a")), false);
    assert.equal(body.push(bytes("b")), false);
    assert.equal(reader.text, "a");
    reader.feed(body, 10);
    assert.equal(reader.text, "ab");
    assert.equal(owner.asked, 1);
  });

  it("never asks for more on behalf of a mirror, nor waits for one", () => {
    const owner = new Owner();
    const body = new RequestBody(owner);
    const mirror = new Reader(true, 1);
    const reader = new Reader();
    body.attach(mirror);
    body.attach(reader);
    for (let i = 0; i < 5; i++) assert.equal(body.push(bytes("x")), true);
    mirror.feed(body, 10);
    assert.equal(owner.asked, 0);
    assert.deepEqual([mirror.text, reader.text], ["xxxxx", "xxxxx"]);
  });

  it("waits for the one that counts, however fast a mirror is", () => {
    const body = new RequestBody(new Owner());
    body.attach(new Reader(true));
    body.attach(new Reader(false, 1));
    assert.equal(body.push(bytes("a")), false);
  });

  it("waits for the faster of two attempts", () => {
    const body = new RequestBody(new Owner());
    body.attach(new Reader(false, 1));
    body.attach(new Reader(false, 3));
    assert.equal(body.push(bytes("a")), true);
    assert.equal(body.push(bytes("b")), true);
    assert.equal(body.push(bytes("c")), false);
  });

  it("is bounded, and says so once", () => {
    const owner = new Owner();
    const body = new RequestBody(owner);
    body.maxBytes = 5;
    body.attach(new Reader());
    assert.equal(body.push(bytes("12345")), true);
    assert.equal(owner.fault, null);
    assert.equal(body.push(bytes("6")), false);
    assert.equal(owner.fault, "SP_EXCHANGE_BODY_TOO_LARGE");
  });

  it("gives every reader, whenever it was attached and whatever its pace, the same bytes and one end", () => {
    const act = fc.oneof(
      fc.record({ act: fc.constant("push" as const), text: fc.string({ minLength: 1, maxLength: 5, unit: "grapheme-ascii" }) }),
      fc.record({ act: fc.constant("attach" as const), isShadow: fc.boolean(), appetite: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ act: fc.constant("feed" as const), at: fc.nat(5), chunks: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ act: fc.constant("detach" as const), at: fc.nat(5) }),
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), fc.nat(40), (acts, keepBytes) => {
        const body = new RequestBody(new Owner());
        body.keep(keepBytes);
        const readers: Reader[] = [];
        let whole = "";
        for (const step of acts) {
          const reader = "at" in step ? readers[step.at % Math.max(1, readers.length)] : undefined;
          if (step.act === "push") {
            whole += step.text;
            body.push(bytes(step.text));
          } else if (step.act === "attach" && body.isIntact) {
            const next = new Reader(step.isShadow, step.appetite);
            readers.push(next);
            body.attach(next);
            body.pump(next);
          } else if (step.act === "feed" && reader !== undefined) reader.feed(body, step.chunks);
          else if (step.act === "detach" && reader !== undefined) {
            body.detach(reader);
            readers.splice(readers.indexOf(reader), 1);
          }
          for (const each of readers) assert.ok(whole.startsWith(each.text), "a prefix of the whole");
        }
        body.end(null, 1);
        for (const reader of readers) {
          reader.feed(body, Number.POSITIVE_INFINITY);
          assert.equal(reader.text, whole);
          assert.equal(reader.ends, 1);
        }
      }),
    );
  });
});
