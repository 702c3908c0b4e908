// Many reloads, one after the other, under load: what the short test and the long soak have in common.

import type { Stage } from "../e2e/processes.ts";
import { GatewayFixture } from "./gateway-fixture.ts";
import { type Held, lookAt, lookEnvironment } from "./held.ts";
import type { LoadReport } from "./load-messages.ts";
import { SteadyLoad } from "./steady-load.ts";

export interface FlatPlan {
  /** Before the first look. */
  readonly warmUp: number;
  readonly reloads: number;
  /** Of so many changes one reads the file anew; the others go back and forth between the last two revisions. */
  readonly loadEvery: number;
  readonly rate: number;
  onLook?(held: ReadonlyMap<string, Held>, changes: number): void;
}

export interface FlatFigures {
  readonly before: ReadonlyMap<string, Held>;
  readonly after: ReadonlyMap<string, Held>;
  readonly report: LoadReport;
}

const LOOK_EVERY = 100;

export async function reloadManyTimes(stage: Stage, plan: FlatPlan): Promise<FlatFigures> {
  const env = lookEnvironment(stage.folder);
  const gateway = await GatewayFixture.start(stage, { upstream: await stage.startService(), env });
  const load = new SteadyLoad(stage, { port: gateway.port, rate: plan.rate });
  let changes = 0;
  const change = async (count: number) => {
    for (let i = 0; i < count; i++) {
      if (changes++ % plan.loadEvery === 0) await gateway.advance("POST /reload");
      else await gateway.rollback();
      if (changes % LOOK_EVERY === 0) plan.onLook?.(await lookAt(gateway, stage.folder), changes);
    }
  };
  await change(plan.warmUp);
  const before = await lookAt(gateway, stage.folder);
  await change(plan.reloads);
  const after = await lookAt(gateway, stage.folder);
  return { before, after, report: await load.stop() };
}
