// What a soak is written with: named measurements that run one after the other, say their figures, and are counted.

import { RUNTIME } from "../e2e/processes.ts";

let failed = 0;
let passed = 0;

/** Runs one measurement; what it throws is told and counted, and the next one runs. */
export async function measure(name: string, body: () => Promise<void>): Promise<void> {
  console.log(`\n${name} (${RUNTIME})`);
  const startedMs = performance.now();
  try {
    await body();
    passed++;
    console.log(`  passed in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  } catch (error) {
    failed++;
    console.log(`  FAILED: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Says how many passed; the exit code of the process. */
export function summarize(): number {
  console.log(`\n${RUNTIME}: ${passed} passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}
