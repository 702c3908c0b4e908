// The command line of the benchmark.
import { parseArgs } from "node:util";
import { CONTESTANTS } from "./contestants/index.ts";
import { JOB_NAMES } from "./jobs.ts";

export interface Options {
  readonly jobs: readonly string[];
  /** Contestants to measure; null means all of the job. The job's baseline always runs. */
  readonly only: readonly string[] | null;
  readonly rounds: number;
  readonly sliceSeconds: number;
  readonly contestantCore: number;
  readonly loadCore: number;
  readonly json: boolean;
  readonly gate: boolean;
}

export const USAGE = `npm run bench -- [options]
  --jobs a,b       of ${JOB_NAMES.join(", ")}; all unless given
  --only x,y       contestants, e.g. sallyport-bun,haproxy; the baseline always runs
  --rounds N       slices per contestant, 8 unless given
  --slice S        whole seconds a slice, 1 unless given
  --cores A,B      contestants on core A; load generator, upstream and harness on core B; 0,1 unless given
  --json           all slices and figures as JSON on stdout
  --gate           exit 1 when a limit of bench/gate.ts is passed or could not be measured
`;

/** Throws with a sentence for the user. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const { values } = parseArgs({
    args: [...args],
    options: {
      jobs: { type: "string" },
      only: { type: "string" },
      rounds: { type: "string", default: "8" },
      slice: { type: "string", default: "1" },
      cores: { type: "string", default: "0,1" },
      json: { type: "boolean", default: false },
      gate: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return "help";
  const jobs = values.jobs?.split(",") ?? JOB_NAMES;
  for (const job of jobs)
    if (!JOB_NAMES.includes(job)) throw new Error(`--jobs: there is no job ${job}; there are ${JOB_NAMES.join(", ")}`);
  const only = values.only?.split(",") ?? null;
  const known = CONTESTANTS.map((contestant) => contestant.name);
  for (const name of only ?? [])
    if (!known.includes(name)) throw new Error(`--only: there is no contestant ${name}; there are ${known.join(", ")}`);
  const [contestantCore, loadCore] = values.cores.split(",").map((core) => toWhole("--cores", core, 0));
  if (contestantCore === undefined || loadCore === undefined || contestantCore === loadCore)
    throw new Error("--cores needs two different cores, such as 0,1");
  return {
    jobs,
    only,
    rounds: toWhole("--rounds", values.rounds, 1),
    sliceSeconds: toWhole("--slice", values.slice, 1),
    contestantCore,
    loadCore,
    json: values.json,
    gate: values.gate,
  };
}

function toWhole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`${name} needs a whole number of at least ${least}; got ${text}`);
  return value;
}
