// Header blocks as encoders and attackers send them, several on one connection, read by the engine and by a plain reading of RFC 7541.
// fuzzing.test.ts runs a short dose; run as a program, this file goes on for a minute (`FUZZ_SECONDS`).

import fc from "fast-check";
import { HpackDecoder } from "./decoder.ts";
import { indexed, literal, sizeUpdate } from "./stage/block-writer.ts";
import { PlainDecoder, type PlainLine } from "./stage/plain-decoder.fuzz.ts";

const NAMES = ["", "a", "x-trace", "cookie", "authorization", ":path", "content-type", "name-".repeat(20)];
const VALUES = [
  "",
  "0",
  "application/grpc",
  "{\u0000\u00ff}",
  "Tue, 24 Nov 2026 18:15:00 GMT",
  "v".repeat(126),
  "w".repeat(127),
  "long ".repeat(300),
];

const text = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: "binary-ascii", maxLength: 20 }));
/** Mostly one that stands for something. */
const index = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1, max: 61 }) },
  { weight: 8, arbitrary: fc.constantFrom(62, 62, 63) },
  { weight: 1, arbitrary: fc.integer({ min: 62, max: 75 }) },
);
const name = fc.oneof(fc.constantFrom(...NAMES), index);
const kind = fc.constantFrom("indexing", "indexing", "plain", "never");

/** A part of a block, which mostly means something. */
const part = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(kind, name, text, fc.boolean()).map((fields) => literal(...fields)) },
  { weight: 20, arbitrary: index.map(indexed) },
  { weight: 1, arbitrary: fc.array(fc.nat(255), { maxLength: 6 }) },
);
const updates = fc.oneof(
  { weight: 19, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(0, 0, 100, 256, 4096, 5_000).map(sizeUpdate), { maxLength: 3 }).map((all) => all.flat()),
  },
);

/** Damage: a byte changed, one taken out, or the block's end. */
const edit = fc.tuple(fc.nat(2), fc.nat(), fc.nat(255));

const block = fc
  .tuple(updates, fc.array(part, { maxLength: 8 }), fc.oneof({ weight: 19, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: edit }))
  .map(([first, parts, damage]) => {
    const bytes = [...first, ...parts.flat()];
    if (damage === null || bytes.length === 0) return bytes;
    const at = damage[1] % bytes.length;
    if (damage[0] === 0) bytes[at] = damage[2];
    else if (damage[0] === 1) bytes.splice(at, 1);
    else bytes.length = at;
    return bytes;
  });

/** Fills the table, so that what follows has lines to name. */
const OPENING = NAMES.flatMap((each) => literal("indexing", each, each));
const noise = fc.array(fc.nat(255), { maxLength: 60 });

/** The blocks of one connection, and the table's size that it was told. */
export const connections = fc
  .record({
    maxTableBytes: fc.constantFrom(0, 256, 4096, 4096, 4096, 16_384),
    blocks: fc.array(fc.oneof({ weight: 19, arbitrary: block }, { weight: 1, arbitrary: noise }), { maxLength: 12 }),
  })
  .map(({ maxTableBytes, blocks }) => ({ maxTableBytes, blocks: [OPENING, ...blocks] }));

/** What engine and plain reading dispute, or null. */
export function compareDecoders(maxTableBytes: number, blocks: readonly (readonly number[])[]): string | null {
  const engine = new HpackDecoder(maxTableBytes);
  const plain = new PlainDecoder(maxTableBytes);
  for (const [i, bytes] of blocks.entries()) {
    const ours = decode(engine, Uint8Array.from(bytes));
    const theirs = plain.decode(Uint8Array.from(bytes));
    if (JSON.stringify(ours) !== JSON.stringify(theirs)) return `block ${i}: ${JSON.stringify(ours)} or ${JSON.stringify(theirs)}`;
    if (ours === null) return null;
    if (engine.tableSize !== plain.size) return `block ${i}: the table has ${engine.tableSize} or ${plain.size} bytes`;
  }
  return null;
}

function decode(decoder: HpackDecoder, bytes: Uint8Array): PlainLine[] | null {
  const lines: PlainLine[] = [];
  const fault = decoder.decode(bytes, 0, bytes.length, {
    onEntry({ name: lineName, value, isSecret }) {
      lines.push({ name: lineName, value, isSecret });
    },
  });
  return fault === null ? lines : null;
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  fc.assert(
    fc.property(connections, ({ maxTableBytes, blocks }) => {
      runs++;
      const dispute = compareDecoders(maxTableBytes, blocks);
      if (dispute !== null) throw new Error(dispute);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} connections, no dispute\n`);
}
