// Cost of asking a CidrSet, which every connection and every X-Forwarded-For entry pays.

import { CidrSet, ipKey } from "./ip.ts";

let inside = 0;

function measure(name: string, operation: (round: number) => void): void {
  const rounds = 1_000_000;
  for (let i = 0; i < rounds / 10; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) operation(i);
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(1).padStart(8)} ns/op`);
}

const few = CidrSet.of("127.0.0.0/8", "10.0.0.0/8", "::1", "2001:db8::/32");
const many = CidrSet.of(...Array.from({ length: 5000 }, (_, i) => `${(i >> 8) + 20}.${i & 255}.0.0/24`));
const v4 = Array.from({ length: 256 }, (_, i) => `10.20.${i}.${255 - i}`);
const v6 = Array.from({ length: 256 }, (_, i) => `2001:db8:0:${i.toString(16)}::1`);

measure("IPv4 in 4 networks", (i) => {
  if (few.has(v4[i & 255] ?? "")) inside++;
});
measure("IPv4 in 5 000 networks", (i) => {
  if (many.has(v4[i & 255] ?? "")) inside++;
});
measure("IPv6 in 4 networks", (i) => {
  if (few.has(v6[i & 255] ?? "")) inside++;
});
measure("key of an IPv4 address", (i) => {
  inside += ipKey(v4[i & 255] ?? "").length;
});
measure("key of an IPv6 address", (i) => {
  inside += ipKey(v6[i & 255] ?? "").length;
});
console.log(`(${inside})`);
