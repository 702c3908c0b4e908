// The handover (handover.ts) in a process that has a network of its own: argv[2] is what net.ipv4.tcp_migrate_req is set to there, argv[3]
// for how long, in milliseconds. The last line of its output is the outcome.

import { writeFileSync } from "node:fs";
import { Stage } from "../e2e/processes.ts";
import { handOverAgainAndAgain } from "./handover.ts";

const [, , migrate = "0", durationMs = "0"] = process.argv;
writeFileSync("/proc/sys/net/ipv4/tcp_migrate_req", migrate);
const stage = new Stage();
try {
  const figures = await handOverAgainAndAgain(stage, Number(durationMs));
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await stage.stop();
}
