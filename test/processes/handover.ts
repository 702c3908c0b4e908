// One instance of a gateway after the other at one port: the next listens beside the one before, which then is told to stop.

import { freePort, type Stage, sleep } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import type { LoadReport } from "./load-messages.ts";
import { SteadyLoad } from "./steady-load.ts";

/** However slow the machine is. */
const FEWEST = 2;

export interface HandoverFigures {
  readonly handovers: number;
  readonly exitCodes: readonly (number | null)[];
  readonly report: LoadReport;
}

export async function handOverAgainAndAgain(stage: Stage, durationMs: number): Promise<HandoverFigures> {
  const upstream = await stage.startService();
  const options = { upstream, port: await freePort(), listener: "reusePort: true" };
  let current = await GatewayFixture.start(stage, options);
  // Many connections, as those are what can be lost.
  const load = new SteadyLoad(stage, { port: options.port, freshEvery: 2 });
  const exitCodes: (number | null)[] = [];
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs || exitCodes.length < FEWEST) {
    const next = await GatewayFixture.start(stage, options);
    await sleep(200);
    current.signal("SIGTERM");
    exitCodes.push(await current.process.ended);
    current = next;
  }
  return { handovers: exitCodes.length, exitCodes, report: await load.stop() };
}
