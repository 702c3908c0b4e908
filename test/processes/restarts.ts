// Rolling restarts under load: what the short test and the long soak have in common.

import { type Stage, sleep, waitFor } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import type { LoadReport } from "./load-messages.ts";
import { SteadyLoad } from "./steady-load.ts";

/** However slow the machine is. */
const FEWEST = 2;

export interface RestartFigures {
  readonly restarts: number;
  /** Different worker processes that served. */
  readonly pids: number;
  readonly report: LoadReport;
}

/** SIGUSR2 as soon as the workers of the one before serve; the old ones still drain then. */
export async function restartAgainAndAgain(stage: Stage, durationMs: number): Promise<RestartFigures> {
  const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService() });
  const load = new SteadyLoad(stage, { port: gateway.port });
  await sleep(500);
  const pids = new Set(await gateway.workerPids());
  const untilMs = performance.now() + durationMs;
  let restarts = 0;
  while (performance.now() < untilMs || restarts < FEWEST) {
    gateway.signal("SIGUSR2");
    await waitFor(
      async () => {
        const serving = await gateway.workerPids();
        return serving.length === 2 && serving.every((pid) => !pids.has(pid));
      },
      60_000,
      "new workers serve",
    );
    for (const pid of await gateway.workerPids()) pids.add(pid);
    restarts++;
    await sleep(300);
  }
  return { restarts, pids: pids.size, report: await load.stop() };
}
