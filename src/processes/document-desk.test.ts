import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import { FakeClock } from "../base/index.ts";
import { CallFailure, FakeCalls, textAnswer } from "../calls/index.ts";
import { AskedDocuments } from "./asked-documents.ts";
import { DocumentDesk, type DocumentReader } from "./document-desk.ts";
import { type DocumentAnswer, type DocumentQuestion, MOST_QUESTIONS, readWorkerMessage } from "./messages.ts";

const URL = "https://issuer.example/keys";
const SOURCE = { url: URL, ca: null };

/** A worker that speaks to the desk through JSON, as over its channel. */
class Worker implements DocumentReader {
  onDocument: DocumentReader["onDocument"] = null;
  readonly heard: DocumentAnswer[] = [];
  readonly documents = new AskedDocuments((question) => this.ask(question));

  ask(question: DocumentQuestion): void {
    const message = readWorkerMessage(JSON.parse(JSON.stringify(question)));
    assert.equal(message.type, "document");
    this.onDocument?.(message);
  }

  tellDocument(answer: DocumentAnswer): void {
    this.heard.push(answer);
    this.documents.hear(JSON.parse(JSON.stringify(answer)) as DocumentAnswer);
  }
}

class Stage {
  readonly clock = new FakeClock();
  readonly calls = new FakeCalls();
  readonly desk = new DocumentDesk(this.calls, this.clock);

  constructor() {
    this.calls.reply(URL, textAnswer("keys"));
  }

  hire(): Worker {
    const worker = new Worker();
    this.desk.attend(worker);
    return worker;
  }
}

async function failureOf(promise: Promise<unknown>): Promise<CallFailure> {
  const error: unknown = await promise.catch((reason: unknown) => reason);
  assert.ok(error instanceof CallFailure, String(error));
  return error;
}

describe("documents for workers", () => {
  it("are read once for all of them", async () => {
    const stage = new Stage();
    const workers = [stage.hire(), stage.hire(), stage.hire()];
    const readings = await Promise.all(workers.map(({ documents }) => documents.read(SOURCE, 10_000)));
    for (const reading of readings) assert.deepEqual(reading, { text: "keys", readAtMs: stage.clock.wall() });
    stage.clock.advance(9_999);
    await stage.hire().documents.read(SOURCE, 10_000);
    assert.equal(stage.calls.count(URL), 1);
    stage.clock.advance(1);
    await workers[0]!.documents.read(SOURCE, 10_000);
    assert.equal(stage.calls.count(URL), 2);
  });

  it("are told apart, in whatever order their answers come", async () => {
    const stage = new Stage();
    const other = "https://other.example/keys";
    stage.calls.reply(other, textAnswer("other keys"));
    stage.calls.hold(URL);
    const { documents } = stage.hire();
    const [first, second] = [documents.read(SOURCE, 0), documents.read({ url: other, ca: "PEM" }, 0)];
    assert.equal((await second).text, "other keys");
    stage.calls.release(URL);
    assert.equal((await first).text, "keys");
    assert.deepEqual(
      stage.calls.made.map(({ ca }) => ca),
      [null, "PEM"],
    );
  });

  it("fail in a worker as they fail at the desk, for all that ask within the time of a reading", async () => {
    const stage = new Stage();
    stage.calls.reply(URL, new CallFailure("timeout", "no answer"));
    for (const { documents } of [stage.hire(), stage.hire()]) {
      const { message, reason } = await failureOf(documents.read(SOURCE, 10_000));
      assert.deepEqual([reason, message], ["timeout", "no answer"]);
    }
    assert.equal(stage.calls.count(URL), 1);
  });

  it("are bounded for one worker, at both ends of its channel, and not for the others", async () => {
    const stage = new Stage();
    const [worker, other] = [stage.hire(), stage.hire()];
    stage.calls.hold(URL);
    const readings = Array.from({ length: MOST_QUESTIONS }, () => worker.documents.read(SOURCE, 0));
    assert.match((await failureOf(worker.documents.read(SOURCE, 0))).message, /too much/);
    worker.ask({ type: "document", ask: 1e6, source: SOURCE, maxAgeMs: 0 });
    assert.deepEqual(worker.heard[0]?.failure, { reason: "broken", message: "the worker wants to read too much at once" });
    const reading = other.documents.read(SOURCE, 0);
    stage.calls.release(URL);
    assert.equal((await Promise.all([...readings, reading])).length, MOST_QUESTIONS + 1);
    assert.equal((await worker.documents.read(SOURCE, 1)).text, "keys");
  });

  it("fail when the supervisor goes, and from then on", async () => {
    const stage = new Stage();
    stage.calls.hold(URL);
    const { documents } = stage.hire();
    const reading = documents.read(SOURCE, 0);
    documents.close();
    assert.match((await failureOf(reading)).message, /is gone/);
    assert.match((await failureOf(documents.read(SOURCE, 0))).message, /is gone/);
    stage.calls.release(URL);
    await setImmediate();
  });

  it("close the calls that they come by when the gateway stops", () => {
    const { calls, desk } = new Stage();
    desk.close();
    assert.ok(calls.isClosed);
  });

  it("that nobody can have asked for harm nobody", async () => {
    const worker = new Stage().hire();
    for (const source of [null, {}, { url: 7, ca: 7 }]) {
      worker.onDocument?.({ type: "document", ask: 1, source, maxAgeMs: "x" } as unknown as DocumentQuestion);
    }
    await setImmediate();
    assert.equal(worker.heard.length, 3);
    assert.ok(worker.heard.every(({ reading }) => reading === null));
  });
});
