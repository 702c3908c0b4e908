// PROXY headers built by hand, and damaged at random: whatever comes, the reader says the same of it however it is cut, holds no more
// than its bound, and what it accepts is what it would write. Run as a program it goes on for a minute (`FUZZ_SECONDS`).

import fc from "fast-check";
import { crc32c } from "./crc32c.ts";
import { MAX_V2_BYTES, V2_SIGNATURE } from "./proxy-header.ts";
import { ProxyHeaderReader } from "./proxy-header-reader.ts";
import { encodeProxyHeader } from "./write-proxy-header.ts";

export function v1(line: string): Uint8Array {
  return Buffer.from(`${line}\r\n`, "latin1");
}

export function v2(command: number, family: number, block: Iterable<number>): Uint8Array {
  const body = Uint8Array.from(block);
  return Buffer.concat([V2_SIGNATURE, Uint8Array.of(command, family, body.length >> 8, body.length & 255), body]);
}

export function v2WithChecksum(command: number, family: number, addresses: readonly number[], tlvs: readonly number[]): Uint8Array {
  const header = v2(command, family, [...addresses, 3, 0, 4, 0, 0, 0, 0, ...tlvs]);
  const at = 16 + addresses.length + 3;
  new DataView(header.buffer, header.byteOffset).setUint32(at, crc32c(header, at));
  return header;
}

/** What the reader makes of the chunks: `client > local`, nobody, a fault's code or `more`; and what stands behind the header. */
export function readWhole(chunks: readonly Uint8Array[]): { verdict: string; rest: string } {
  const reader = new ProxyHeaderReader();
  let verdict = "more";
  let rest = "";
  for (const chunk of chunks) {
    if (verdict !== "more") {
      rest += Buffer.from(chunk).toString("latin1");
      continue;
    }
    const reading = reader.take(chunk);
    if (reading === "fault") verdict = reader.fault.kind.code;
    if (reading !== "done") continue;
    const { remote, local } = reader.header;
    verdict = remote === null ? "nobody" : `${remote.address}:${remote.port} > ${local?.address}:${local?.port}`;
    rest = Buffer.from(reader.rest ?? []).toString("latin1");
  }
  return { verdict, rest };
}

const word = fc.constantFrom(
  ...[
    "PROXY",
    "TCP4",
    "TCP6",
    "UNKNOWN",
    "1.2.3.4",
    "::1",
    "::ffff:1.2.3.4",
    "2001:DB8::a",
    "1",
    "65535",
    "65536",
    "00",
    "",
    "\r",
    "\t",
    "\u00ff",
  ],
);
const line = fc.array(word, { minLength: 1, maxLength: 7 }).map((words) => v1(["PROXY", ...words].join(" ")));
const tlv = fc
  .tuple(fc.constantFrom(1, 2, 3, 4, 5, 0x20, 0xee), fc.uint8Array({ maxLength: 6 }), fc.constantFrom(0, 0, 0, 1, 300))
  .map(([type, value, lie]) => [type, (value.length + lie) >> 8, (value.length + lie) & 255, ...value]);
const binary = fc
  .tuple(
    fc.constantFrom(0x20, 0x21, 0x21, 0x21, 0x22, 0x11),
    fc.constantFrom(0, 0x11, 0x11, 0x12, 0x21, 0x21, 0x31, 0x44),
    fc.constantFrom(0, 11, 12, 12, 36, 36, 216, 5000),
    fc.uint8Array({ minLength: 8, maxLength: 8 }),
    fc.array(tlv, { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([command, family, size, seed, tlvs, sums]) => {
    const addresses = Array.from({ length: size }, (_, at) => seed[at % 8]!);
    const more = tlvs.flat();
    return sums ? v2WithChecksum(command, family, addresses, more) : v2(command, family, [...addresses, ...more]);
  });

export const headerStreams = fc
  .tuple(
    fc.oneof(line, binary),
    fc.uint8Array({ maxLength: 20 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 1 }),
    fc.array(fc.nat(), { maxLength: 4 }),
  )
  .map(([header, behind, edits, cuts]) => {
    const stream = Buffer.concat([header, behind]);
    for (const [at, byte] of edits) stream[at % stream.length] = byte;
    return { stream, cuts: cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b) };
  });

/** What is wrong with the reader; null when nothing is. */
export function judgeStream(stream: Uint8Array, cuts: readonly number[]): string | null {
  const whole = readWhole([stream]);
  const pieces = [0, ...cuts].map((from, index) => stream.subarray(from, cuts[index]));
  const cut = readWhole(pieces);
  if (cut.verdict !== whole.verdict) return `${whole.verdict} when whole, ${cut.verdict} when cut`;
  const isRead = !whole.verdict.startsWith("SP_") && whole.verdict !== "more";
  if (isRead && cut.rest !== whole.rest) return "what stands behind it depends on the cuts";
  if (whole.verdict === "more" && stream.length >= MAX_V2_BYTES) return "it holds more than its bound";
  if (!isRead || whole.verdict === "nobody" || whole.verdict === ":0 > :0") return null;
  const reader = new ProxyHeaderReader();
  reader.take(stream);
  const { remote, local } = reader.header;
  for (const version of ["v1", "v2"] as const) {
    const again = readWhole([encodeProxyHeader(version, remote!, local!)]).verdict;
    if (again !== whole.verdict) return `written as ${version} it says ${again} instead of ${whole.verdict}`;
  }
  return null;
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  fc.assert(
    fc.property(headerStreams, ({ stream, cuts }) => {
      runs++;
      const dispute = judgeStream(stream, cuts);
      if (dispute !== null) throw new Error(dispute);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} PROXY headers, no dispute\n`);
}
