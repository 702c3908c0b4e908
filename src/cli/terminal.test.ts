import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { createTerminal } from "./terminal.ts";

/** A stream whose writes fail, by throwing as on Bun. */
function failing(code: string) {
  return {
    write(): void {
      throw Object.assign(new Error(code), { code });
    },
  };
}

describe("a terminal", () => {
  it("does without a reader that has gone", () => {
    createTerminal(failing("EPIPE"), failing("EPIPE"), {}).out("a line");
  });

  it("throws when what was asked for can't be written, and not when a complaint can't", () => {
    const terminal = createTerminal(failing("ENOSPC"), failing("ENOSPC"), {});
    assert.throws(() => terminal.out("a line"), /ENOSPC/);
    terminal.err("a line");
  });

  it("hears of failed writes as events too", () => {
    const stdout = Object.assign(new EventEmitter(), { write() {} });
    const stderr = Object.assign(new EventEmitter(), { write() {} });
    createTerminal(stdout, stderr, {});
    stdout.emit("error", Object.assign(new Error("gone"), { code: "EPIPE" }));
    stderr.emit("error", Object.assign(new Error("full"), { code: "ENOSPC" }));
    assert.throws(() => stdout.emit("error", Object.assign(new Error("full"), { code: "ENOSPC" })), /full/);
  });
});
