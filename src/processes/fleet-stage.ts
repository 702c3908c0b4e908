// A fleet of workers without processes, for its tests.
import assert from "node:assert/strict";
import { type Assignment, Fleet } from "./fleet.ts";
import { createShipment, FakeWorkers, type Reactions } from "./worker-process-fake.ts";

export function assign(id: number, generation?: string): Assignment {
  return { shipment: createShipment(id, generation), descriptors: new Map([["http", 1000 + id]]) };
}

export class FleetStage {
  readonly workers = new FakeWorkers();
  readonly told: string[] = [];
  readonly fleet = new Fleet(assign(1), {
    spawner: this.workers,
    clock: this.workers.clock,
    random: () => 1,
    events: {
      onCrash: (slot, pid, reason, inMs) => this.told.push(`${pid} of ${slot} crashed: ${reason}, next in ${inMs}`),
      onBack: (slot, pid) => this.told.push(`${pid} of ${slot} is back`),
      onStartFailed: (slot, reason) => this.told.push(`${slot} did not start: ${reason}`),
      onStarted: ({ pid }) => this.told.push(`${pid} started`),
      onEnded: ({ pid }) => this.told.push(`${pid} ended`),
    },
  });

  static async start(count = 2): Promise<FleetStage> {
    const stage = new FleetStage();
    await stage.fleet.start(count);
    stage.told.length = 0;
    stage.workers.journal.length = 0;
    return stage;
  }

  /** Of processes that are spawned from now on. */
  expect(reactions: Partial<Reactions>): void {
    Object.assign(this.workers.reactions, reactions);
  }

  /** What each process serves that has not ended. */
  get served(): Record<number, number> {
    return Object.fromEntries(this.workers.living.map(({ pid, serves }) => [pid, serves]));
  }

  get pids(): number[] {
    return this.fleet.workers.map(({ pid }) => pid);
  }
}

const stages: FleetStage[] = [];

export async function openStage(count?: number): Promise<FleetStage> {
  const stage = await FleetStage.start(count);
  stages.push(stage);
  return stage;
}

/** After each test, however it went: everything ends, and nothing is left. */
export async function closeStages(): Promise<void> {
  for (const { fleet, workers } of stages.splice(0)) {
    const stopped = fleet.stop(1000);
    await workers.pass(2500);
    await stopped;
    assert.deepEqual(workers.living, []);
    assert.equal(workers.clock.pendingCalls, 0);
    assert.deepEqual(fleet.retiring, []);
    const { length } = workers.processes;
    await workers.pass(60_000);
    assert.equal(workers.processes.length, length, "none is started once all have ended");
  }
}
