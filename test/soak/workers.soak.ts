// One worker and two: how many requests a second, how evenly connections and work are shared, and how soon a gateway answers.

import { missing, run, Stage, sleep } from "../e2e/processes.ts";
import { GatewayFixture } from "../processes/gateway-fixture.ts";
import { measureStarts } from "../processes/starts.ts";
import { measure } from "./measure.ts";

const CONNECTIONS = 64;
const SECONDS = 8;
const ROUNDS = 3;
const STARTS = 20;

export async function soak(): Promise<void> {
  const absent = missing("wrk", "nginx");
  if (absent !== false) console.log(`\none worker and two: skipped: ${absent}`);
  else await measure(`one worker and two, wrk with ${CONNECTIONS} connections for ${SECONDS} s`, compareWorkers);
  await measure(`${STARTS} starts, from the process to the first answer`, async () => {
    const stage = new Stage();
    try {
      const { sorted } = await measureStarts(stage, STARTS);
      console.log(`  ${sorted.map((ms) => ms.toFixed(0)).join(", ")} ms; median ${sorted[STARTS / 2]?.toFixed(0)}`);
    } finally {
      await stage.stop();
    }
  });
}

async function compareWorkers(): Promise<void> {
  const stage = new Stage();
  try {
    const upstream = await stage.startNginx('location / { return 200 "ok"; }');
    for (let round = 0; round < ROUNDS; round++) {
      for (const workers of [1, 2]) {
        const gateway = await GatewayFixture.start(stage, { upstream, workers });
        const load = run("wrk", ["-t", "1", "-c", String(CONNECTIONS), "-d", `${SECONDS}s`, "--latency", `${gateway.process.url}/`]);
        await sleep((SECONDS - 2) * 1000);
        const { workers: shown } = await gateway.status();
        const { out } = await load;
        const cpu = [...(await gateway.metrics()).matchAll(/^process_cpu_seconds_total\{worker="(\d+)"\} (\S+)$/gm)];
        const [, rate] = /Requests\/sec:\s+(\S+)/.exec(out) ?? [];
        const [, late] = /99%\s+(\S+)/.exec(out) ?? [];
        const shares = cpu.map(([, slot, seconds]) => `worker ${slot} ${Number(seconds).toFixed(1)} s`).join(", ");
        console.log(
          `  ${workers} workers: ${rate} requests a second, 99 % within ${late}; connections ${shown.map(({ connections }) => connections).join("/")}; processor ${shares}`,
        );
        await gateway.process.stop();
      }
    }
  } finally {
    await stage.stop();
  }
}
