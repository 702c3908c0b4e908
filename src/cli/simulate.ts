// `sallyport simulate WHAT`: what limits would do, tried without a gateway.

import type { CommandLine } from "./commands.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

const SUBJECTS = ["limits", "fleet"] as const;
type Subject = (typeof SUBJECTS)[number];

/** What each option belongs to. */
const OPTIONS: Readonly<Record<string, Subject>> = {
  log: "limits",
  config: "limits",
  limit: "limits",
  top: "limits",
  from: "limits",
  until: "limits",
  nodes: "fleet",
  rate: "fleet",
  seconds: "fleet",
  seed: "fleet",
  svg: "fleet",
};

export async function simulate(line: CommandLine, terminal: Terminal): Promise<number> {
  const { values, operands } = line;
  const [word = ""] = operands;
  const refuse = (problem: string) =>
    refuseUsage(terminal, problem, values["json"] === true, "sallyport help simulate says what it takes.");
  const subject = SUBJECTS.find((each) => each === word);
  if (subject === undefined) return refuse(`there is no simulation of "${word}"; there are ${SUBJECTS.join(", ")}`);
  const foreign = Object.keys(OPTIONS).find((name) => values[name] !== undefined && OPTIONS[name] !== subject);
  if (foreign !== undefined) return refuse(`--${foreign} means nothing to simulate ${subject}`);
  if (subject === "limits") return (await import("./simulate-limits.ts")).simulateLimitsOf(values, terminal, refuse);
  return (await import("./simulate-fleet.ts")).simulateFleetOf(values, terminal, refuse);
}
