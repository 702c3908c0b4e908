// Cost of one access-log line and of its parts. `node src/telemetry/json-text.bench.ts`, `bun src/telemetry/json-text.bench.ts`.

import { jsonFixed, jsonString, jsonWireString } from "./json-text.ts";

let consumed = 0;

function measure(name: string, operation: (round: number) => string): void {
  const rounds = 500_000;
  for (let i = 0; i < rounds / 5; i++) consumed += operation(i).length;
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) consumed += operation(i).length;
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(1).padStart(8)} ns/op`);
}

const paths = Array.from({ length: 256 }, (_, i) => `/api/products/${i * 7919}/reviews?page=${i}`);
const agents = Array.from(
  { length: 256 },
  (_, i) => `Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${i}.0.0.0 Safari/537.36`,
);
const odd = Array.from({ length: 256 }, (_, i) => `q="caf\xc3\xa9"; n=${i}`);

/** The loop that jsonString would be made of otherwise. */
function quoteByLoop(text: string): string {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit > 0x7e || unit === 0x22 || unit === 0x5c) return JSON.stringify(text);
  }
  return `"${text}"`;
}

measure("jsonString, path of 35", (i) => jsonString(paths[i & 255] ?? ""));
measure("  the same by a loop", (i) => quoteByLoop(paths[i & 255] ?? ""));
measure("  the same by JSON.stringify", (i) => JSON.stringify(paths[i & 255]));
measure("jsonString, user agent of 100", (i) => jsonString(agents[i & 255] ?? ""));
measure("  the same by a loop", (i) => quoteByLoop(agents[i & 255] ?? ""));
measure("  the same by JSON.stringify", (i) => JSON.stringify(agents[i & 255]));
measure("jsonWireString that needs care", (i) => jsonWireString(odd[i & 255] ?? ""));
measure("jsonFixed, 3 decimals", (i) => jsonFixed(i * 0.0137, 3));
measure("  the same by toFixed", (i) => (i * 0.0137).toFixed(3));
measure("a line of 14 fields", (i) => {
  const line =
    `{"time":${jsonFixed(1767225600 + i * 0.001, 3)},"requestId":${jsonString("01JG8Z4T9Q7V2N5M3K1H6F0D4B")},"client":"127.0.0.1","method":"GET","host":"api.example.com",` +
    `"path":${jsonWireString(paths[i & 255] ?? "")},"status":200,"route":"products","upstream":"catalog","attempts":1,"bytesIn":0,"bytesOut":${i},` +
    `"durationMs":${jsonFixed(i * 0.0137, 3)},"userAgent":${jsonWireString(agents[i & 255] ?? "")}}`;
  return line;
});
console.log(`(${consumed})`);
