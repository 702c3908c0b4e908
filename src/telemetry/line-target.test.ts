// The sink on real descriptors: files that are rotated, pipes that nobody reads.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "../base/index.ts";
import { BatchedLineSink, openLineSink } from "./batched-line-sink.ts";
import { createStdoutTarget } from "./line-target.ts";

const folder = fs.mkdtempSync(join(tmpdir(), "sallyport-lines-"));
const hasPipes = process.platform === "linux" ? false : "named pipes are tested on Linux alone";

after(() => fs.rmSync(folder, { recursive: true }));

describe("a file of lines", () => {
  it("is appended to, and left for a new one under the same path on reopen", async () => {
    const path = join(folder, "access.log");
    fs.writeFileSync(path, "old\n");
    const sink = openLineSink({ path }, systemClock);
    sink.write("one");
    await sink.flush();
    fs.renameSync(path, `${path}.1`);
    sink.write("two");
    await sink.flush();
    await sink.reopen();
    sink.write("three 🚢");
    await sink.close();
    assert.equal(fs.readFileSync(`${path}.1`, "utf8"), "old\none\ntwo\n");
    assert.equal(fs.readFileSync(path, "utf8"), "three 🚢\n");
  });

  it("can't be opened where there is no folder", () => {
    assert.throws(() => openLineSink({ path: join(folder, "none", "access.log") }, systemClock), { code: "ENOENT" });
  });
});

describe("a pipe that nobody reads", { skip: hasPipes }, () => {
  it("keeps no caller waiting, costs lines beyond the bound, and gets the rest in order once somebody reads", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    const reader = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    const writer = fs.openSync(path, fs.constants.O_WRONLY);
    const sink = new BatchedLineSink(createStdoutTarget(writer), systemClock, {
      maxBytes: 500_000,
      dropNotice: (lines) => `lost ${lines}`,
    });
    const filler = "x".repeat(100);
    const total = 10_000;
    let slowestMs = 0;
    for (let id = 0; id < total; id++) {
      const startMs = performance.now();
      sink.write(`${id} ${filler}`);
      slowestMs = Math.max(slowestMs, performance.now() - startMs);
      if (id % 500 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    }
    // A pipe holds 64 KiB, so a write that waited would have waited for ever; the margin is for a busy machine.
    assert.ok(slowestMs < 250, `a write took ${slowestMs} ms`);
    assert.ok(sink.droppedLines > total / 4);
    assert.ok(sink.heldBytes <= 500_000);

    let text = "";
    const chunk = new Uint8Array(65_536);
    const drain = setInterval(() => {
      try {
        text += new TextDecoder().decode(chunk.subarray(0, fs.readSync(reader, chunk)));
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, "EAGAIN");
      }
    }, 1);
    await sink.flush();
    await sink.close();
    const end = `lost ${sink.droppedLines}\n`;
    while (!text.endsWith(end)) await new Promise((resolve) => setTimeout(resolve, 1));
    clearInterval(drain);
    fs.closeSync(writer);
    fs.closeSync(reader);
    const lines = text.split("\n").slice(0, -2);
    assert.equal(lines.length + sink.droppedLines, total);
    for (const [id, line] of lines.entries()) assert.equal(line, `${id} ${filler}`);
  });

  it("ends quietly when the reader leaves", async () => {
    const path = join(folder, "left");
    execFileSync("mkfifo", [path]);
    const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const writer = fs.openSync(path, fs.constants.O_WRONLY);
    const sink = new BatchedLineSink(createStdoutTarget(writer), systemClock);
    fs.closeSync(reader);
    sink.write("a");
    await sink.flush();
    sink.write("b");
    assert.equal(sink.droppedLines, 2);
    await sink.close();
    fs.closeSync(writer);
  });

  it("lets the process that writes to it live and end as it likes", async () => {
    const script = join(folder, "writer.ts");
    const room = new URL("./batched-line-sink.ts", import.meta.url).href;
    const base = new URL("../base/index.ts", import.meta.url).href;
    fs.writeFileSync(
      script,
      `import { openLineSink } from ${JSON.stringify(room)};
      import { systemClock } from ${JSON.stringify(base)};
      const sink = openLineSink("stdout", systemClock, { maxBytes: 300_000, closeWithinMs: 50 });
      let ticks = 0;
      const timer = setInterval(async () => {
        for (let i = 0; i < 100; i++) sink.write("x".repeat(1000));
        if (++ticks < 20) return;
        clearInterval(timer);
        await sink.close();
        process.stderr.write(\`ticks \${ticks} dropped \${sink.droppedLines}\\n\`);
      }, 2);`,
    );
    // The shell makes a true pipe; "pipe" of spawn would be a socket. The reader sleeps until the writer has told its end.
    const child = spawn("sh", ["-c", '"$0" "$1" | sleep 20', process.execPath, script], {
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    });
    const told = await new Promise<string>((resolve) => {
      let text = "";
      child.stderr.on("data", (chunk: Uint8Array) => {
        text += new TextDecoder().decode(chunk);
        if (text.includes("\n")) resolve(text);
      });
      child.on("close", () => resolve(text));
    });
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    const dropped = Number(/^ticks 20 dropped (\d+)$/m.exec(told)?.[1]);
    assert.ok(dropped > 1500 && dropped < 2000, told);
  });
});
