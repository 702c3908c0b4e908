import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { CallFailure, type DocumentSource } from "./call.ts";
import { FakeCalls, jsonAnswer, textAnswer } from "./calls-fake.ts";
import { createDocuments, MOST_DOCUMENT_BYTES } from "./documents.ts";

const URL = "https://issuer.example/keys";
const SOURCE = { url: URL, ca: null };

class Stage {
  readonly clock = new FakeClock();
  readonly calls = new FakeCalls();
  readonly documents = createDocuments(this.calls, this.clock);

  constructor() {
    this.calls.reply(URL, () => textAnswer(`reading ${this.calls.count(URL)}`));
  }

  async read(maxAgeMs: number, source: DocumentSource = SOURCE): Promise<string> {
    return (await this.documents.read(source, maxAgeMs)).text;
  }

  async failure(maxAgeMs: number): Promise<CallFailure> {
    const error: unknown = await this.documents.read(SOURCE, maxAgeMs).catch((reason: unknown) => reason);
    assert.ok(error instanceof CallFailure, String(error));
    return error;
  }
}

describe("documents", () => {
  it("are read once for all who ask at the same time", async () => {
    const { calls, documents } = new Stage();
    calls.hold(URL);
    const readings = Array.from({ length: 1000 }, () => documents.read(SOURCE, 0));
    calls.release(URL);
    const texts = await Promise.all(readings.map(async (reading) => (await reading).text));
    assert.deepEqual([...new Set(texts)], ["reading 1"]);
    assert.equal(calls.count(URL), 1);
  });

  it("are given as they are while they are young enough for who asks", async () => {
    const stage = new Stage();
    assert.equal(await stage.read(10_000), "reading 1");
    stage.clock.advance(9_999);
    assert.equal(await stage.read(10_000), "reading 1");
    assert.equal(await stage.read(9_999), "reading 2");
    stage.clock.advance(10_000);
    assert.equal(await stage.read(10_000), "reading 3");
  });

  it("are as old as the end of their reading, however long that took: readings are further apart than anybody asks for", async () => {
    const { calls, clock, documents } = new Stage();
    calls.hold(URL);
    const reading = documents.read(SOURCE, 10_000);
    clock.advance(4_000);
    calls.release(URL);
    assert.equal((await reading).readAtMs, clock.wall());
    clock.advance(9_999);
    await documents.read(SOURCE, 10_000);
    assert.equal(calls.count(URL), 1);
    clock.advance(1);
    await documents.read(SOURCE, 10_000);
    assert.equal(calls.count(URL), 2);
  });

  it("can't be had for as long as a reading would do after a failure", async () => {
    const stage = new Stage();
    await stage.read(10_000);
    stage.clock.advance(10_000);
    stage.calls.refuse(URL);
    assert.equal((await stage.failure(10_000)).reason, "connect");
    stage.calls.reply(URL, textAnswer("back"));
    stage.clock.advance(9_999);
    assert.equal((await stage.failure(10_000)).reason, "connect");
    assert.equal(stage.calls.made.length, 2);
    stage.clock.advance(1);
    assert.equal(await stage.read(10_000), "back");
  });

  it("that were never read are asked for again a second after a failure: a gateway may start before its issuer", async () => {
    const stage = new Stage();
    stage.calls.refuse(URL);
    assert.equal((await stage.failure(10_000)).reason, "connect");
    stage.calls.reply(URL, textAnswer("up"));
    stage.clock.advance(999);
    assert.equal((await stage.failure(10_000)).reason, "connect");
    stage.clock.advance(1);
    assert.equal(await stage.read(10_000), "up");
  });

  it("of one URL are others under another authority", async () => {
    const stage = new Stage();
    assert.equal(await stage.read(10_000), "reading 1");
    assert.equal(await stage.read(10_000, { url: URL, ca: "PEM" }), "reading 2");
    assert.deepEqual(
      stage.calls.made.map(({ ca }) => ca),
      [null, "PEM"],
    );
  });

  it("are bounded, in time and in size", async () => {
    const stage = new Stage();
    await stage.read(0);
    const [call] = stage.calls.made;
    assert.deepEqual([call?.method, call?.timeoutMs, call?.maxBytes], ["GET", 5_000, MOST_DOCUMENT_BYTES]);
  });

  it("are what comes with 200, in UTF-8", async () => {
    for (const answer of [
      jsonAnswer({}, 201),
      jsonAnswer({}, 302),
      jsonAnswer({}, 404),
      jsonAnswer({}, 503),
      { status: 200, headers: {}, body: Uint8Array.of(0xc3) },
    ]) {
      const stage = new Stage();
      stage.calls.reply(URL, answer);
      assert.equal((await stage.failure(0)).reason, "broken");
    }
  });

  it("keep the query out of a failure's words", async () => {
    const { calls, documents } = new Stage();
    calls.reply(`${URL}?key=s3cret`, jsonAnswer({}, 500));
    const error: unknown = await documents.read({ url: `${URL}?key=s3cret`, ca: null }, 0).catch((reason: unknown) => reason);
    assert.equal(String(error), "CallFailure: https://issuer.example/keys answered 500");
  });

  it("remember so many sources, and forget the one that was read longest ago", async () => {
    const { calls, documents } = new Stage();
    const sources = Array.from({ length: 257 }, (_, index) => ({ url: `${URL}/${index}`, ca: null }));
    for (const { url } of sources) calls.reply(url, textAnswer(url));
    for (const source of sources) await documents.read(source, 1_000);
    for (const source of sources.slice(1)) await documents.read(source, 1_000);
    assert.equal(calls.made.length, 257);
    await documents.read(sources[0]!, 1_000);
    assert.equal(calls.made.length, 258);
  });
});
