// The lines of a log of any length, some at a time.

import type { AccessLog } from "../inspect/index.ts";

/** Longer lines are cut, and are then no lines of an access log. */
const MOST_CHARACTERS = 256 * 1024;

/** `onRead` hears how many bytes, and then how many lines, have been read. */
export function readLogLines(name: string, input: AsyncIterable<Uint8Array>, onRead: (bytes: number, lines: number) => void): AccessLog {
  return { name, lines: cut(input, onRead) };
}

async function* cut(input: AsyncIterable<Uint8Array>, onRead: (bytes: number, lines: number) => void): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = (lines.pop() ?? "").slice(0, MOST_CHARACTERS);
    onRead(chunk.length, lines.length);
    if (lines.length > 0) yield lines;
  }
  rest += decoder.decode();
  if (rest === "") return;
  onRead(0, 1);
  yield [rest];
}
