// Damage as it is done to HTTP/1.1 messages on purpose, and a loop that looks for what it breaks. For fuzzing only.

import fc from "fast-check";

const PIECES = [
  ...[
    "\r\n",
    "\r",
    "\n",
    "\r\n\r\n",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "=",
    '"',
    "\\",
    "\u0000",
    "\u007f",
    "\u0080",
    "\u000b",
    "0",
    "1",
    "f",
    "_",
    "-",
  ],
  ...[
    "\r\n ",
    " :",
    "\r\nContent-Length: 3",
    "\r\nTransfer-Encoding: chunked",
    "\r\nHost: b",
    "0\r\n\r\n",
    "5\r\n",
    ";a=b",
    "chunked",
    "HTTP/1.1",
    "GET / ",
  ],
];

/** `text` after each edit: what kind, where, and with which piece. */
export function mutate(text: string, edits: readonly (readonly [kind: number, place: number, piece: number])[]): string {
  let result = text;
  for (const [kind, place, pick] of edits) {
    const at = place % (result.length + 1);
    const piece = PIECES[pick % PIECES.length] ?? "";
    const length = (pick % 20) + 1;
    if (kind % 5 === 0) result = result.slice(0, at) + piece + result.slice(at);
    else if (kind % 5 === 1) result = result.slice(0, at) + result.slice(at + 1);
    else if (kind % 5 === 2) result = result.slice(0, at) + piece + result.slice(at + piece.length);
    else if (kind % 5 === 3) result = result.slice(0, at) + result.slice(at, at + length) + result.slice(at);
    else result = result.slice(0, at) + String.fromCharCode(pick % 256) + result.slice(at + 1);
  }
  return result;
}

/** Tries texts of `arbitrary` for FUZZ_SECONDS; throws with the smallest that `judge` disputes. */
export async function runLong(
  name: string,
  arbitrary: fc.Arbitrary<string>,
  judge: (text: string) => Promise<string | null>,
): Promise<void> {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(arbitrary, async (text) => {
      runs++;
      const dispute = await judge(text);
      if (dispute !== null) throw new Error(dispute);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} ${name}, no dispute\n`);
}
