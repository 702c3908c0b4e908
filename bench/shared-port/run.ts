// `node scripts/run-ts.mjs bench/shared-port/run.ts [CONNECTIONS]`: what the ways to share a port between two workers lose in rolling
// restarts, and how evenly they spread connections. ARCHITECTURE.md has the figures. Linux. As root it also measures with the other
// value of net.ipv4.tcp_migrate_req, which it puts back; `unshare -n sh -c 'ip link set lo up; …'` keeps that to a network of its own.
import { readFileSync, writeFileSync } from "node:fs";
import { listRuntimes } from "../../bin/runtime.mjs";
import { Fleet, type Sharing } from "./fleet.ts";
import { loadInTurns, loadSteadily, type Tally } from "./load.ts";

const MIGRATE = "/proc/sys/net/ipv4/tcp_migrate_req";
const RATE = 2500;
const WIDTH = 64;
const BUSY_US = 200;
const total = Number(process.argv[2] ?? 20_000);

const { bun, node } = listRuntimes();
const commands: [string, string[]][] = [];
if (bun !== null) commands.push(["bun", [bun, "--no-env-file"]]);
if (node !== null) commands.push(["node", [node]]);

function show(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function measureRestarts(sharing: Sharing, command: readonly string[]): Promise<string> {
  const fleet = await Fleet.open(sharing, command, 0);
  let isOver = false;
  let restarts = 0;
  async function roll(): Promise<void> {
    while (!isOver) {
      // Turn and turn about, so that every worker is old at some time.
      await fleet.replace(restarts % 2);
      restarts += 1;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  const rolling = roll();
  const tally = await loadSteadily(fleet.port, total, RATE);
  isOver = true;
  await rolling;
  await fleet.close();
  return `${restarts} restarts, ${toText(tally)}`;
}

function toText(tally: Tally): string {
  const lost = tally.sent - tally.answered;
  const why = [...tally.lost].map(([reason, count]) => `${count} ${reason}`).join(", ");
  return `${lost} of ${tally.sent} lost${lost === 0 ? "" : ` (${why})`}`;
}

async function measureEvenness(sharing: Sharing, command: readonly string[], isBusy: boolean): Promise<string> {
  const fleet = await Fleet.open(sharing, command, isBusy ? BUSY_US : 0);
  const began = performance.now();
  const count = isBusy ? 20_000 : 2000;
  await loadInTurns(fleet.port, count, isBusy ? WIDTH : 1);
  const perSecond = Math.round((count / (performance.now() - began)) * 1000);
  const counts = await fleet.count();
  await fleet.close();
  const all = counts.reduce((sum, one) => sum + one, 0);
  return `${counts.map((one) => Math.round((one / all) * 100)).join("/")} % at ${perSecond} a second`;
}

const migrate = readFileSync(MIGRATE, "utf8").trim();
const settings = [migrate];
try {
  writeFileSync(MIGRATE, migrate === "0" ? "1" : "0");
  settings.push(migrate === "0" ? "1" : "0");
  writeFileSync(MIGRATE, migrate);
} catch {
  show(`${MIGRATE} can't be written: measured at ${migrate} alone`);
}

for (const [name, command] of commands) {
  for (const sharing of ["inherited", "slots"] as const) show(`${name} restarts ${sharing}: ${await measureRestarts(sharing, command)}`);
  for (const setting of settings) {
    if (settings.length > 1) writeFileSync(MIGRATE, setting);
    show(`${name} restarts own, tcp_migrate_req=${setting}: ${await measureRestarts("own", command)}`);
  }
  if (settings.length > 1) writeFileSync(MIGRATE, migrate);
  for (const sharing of ["inherited", "slots"] as const) {
    show(`${name} evenness ${sharing}, one at a time: ${await measureEvenness(sharing, command, false)}`);
    show(`${name} evenness ${sharing}, ${WIDTH} at once: ${await measureEvenness(sharing, command, true)}`);
  }
}
process.exit(0);
