// What is shown of something that takes its time, and how a long log is cut into lines.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { readLogLines } from "./log-lines.ts";
import { Progress } from "./progress.ts";
import { createTerminal } from "./terminal.ts";

const CLEAR = "\r\x1b[2K";

function watch(isTTY: boolean, env: Record<string, string> = { NO_COLOR: "1" }) {
  const written: string[] = [];
  const stream = { isTTY, write: (text: string) => written.push(text) };
  const clock = new FakeClock();
  return { written, clock, progress: new Progress(createTerminal(stream, stream, env), "lines", clock) };
}

describe("progress", () => {
  it("is a line with a share, a rate and the time that is left, and goes in the end", () => {
    const { written, clock, progress } = watch(true);
    clock.advance(2000);
    progress.show({ share: 0.25, count: 5000 });
    progress.end();
    assert.deepEqual(written, [`${CLEAR}${"█".repeat(6)}${"░".repeat(18)}  25%  5000 lines, 2500/s, 6 s left`, CLEAR]);
  });

  it("has no share where nobody knows how much there is", () => {
    const { written, clock, progress } = watch(true);
    clock.advance(500);
    progress.show({ share: null, count: 10 });
    assert.deepEqual(written, [`${CLEAR}10 lines, 20/s`]);
  });

  it("is written ten times a second at most", () => {
    const { written, clock, progress } = watch(true);
    for (let ms = 0; ms < 1000; ms++) {
      clock.advance(1);
      progress.show({ share: null, count: ms });
    }
    assert.equal(written.length, 10);
  });

  it("is nothing where nobody looks, or where a line can't be written over", () => {
    for (const { written, progress } of [watch(false), watch(true, { TERM: "dumb" })]) {
      progress.show({ share: 0.5, count: 1 });
      progress.end();
      assert.deepEqual(written, []);
    }
  });
});

describe("lines of a log", () => {
  async function cut(bytes: Uint8Array, size: number): Promise<readonly string[]> {
    const input = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })();
    const lines: string[] = [];
    let counted = 0;
    const log = readLogLines("log", input, (_, more) => {
      counted += more;
    });
    for await (const batch of log.lines) lines.push(...batch);
    assert.equal(counted, lines.length);
    return lines;
  }

  it("are the same in pieces of any size", async () => {
    const bytes = Buffer.from("first\nzweite Zeile: Größe €\n\nthe last has no end");
    for (const size of [1, 2, 3, 7, 1000]) assert.deepEqual(await cut(bytes, size), bytes.toString().split("\n"));
    assert.deepEqual(await cut(Buffer.from("a\nb\n"), 2), ["a", "b"]);
  });

  it("are cut where they are endless, and stay one", async () => {
    const lines = await cut(Buffer.from(`${"x".repeat(2_000_000)}\nnext\n`), 65_536);
    assert.deepEqual([lines.length, lines[1]], [2, "next"]);
    assert.ok((lines[0]?.length ?? 0) < 400_000);
  });
});
