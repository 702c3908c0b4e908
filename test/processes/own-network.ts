// A network of one's own for a test that changes a setting of the kernel: nobody else on the machine sees it, and it ends with the test.

import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { missing, run } from "../e2e/processes.ts";
import type { HandoverFigures } from "./handover.ts";

const MAIN = fileURLToPath(new URL("./handover-main.ts", import.meta.url));
// Root in a user namespace suffices, where those are allowed.
const UNSHARE = ["unshare", "--map-root-user", "--net", "sh", "-c"];
const SETTING = "/proc/sys/net/ipv4/tcp_migrate_req";

/** For `skip`: why the setting can't be made here, else false. */
export function cannotMigrate(): string | false {
  const absent = process.platform === "linux" ? missing("unshare", "ip") : "tcp_migrate_req is Linux's";
  if (absent !== false) return absent;
  const [program = "", ...args] = UNSHARE;
  const { status, stderr } = spawnSync(program, [...args, `ip link set lo up && echo 1 > ${SETTING}`], { encoding: "utf8" });
  return status === 0 ? false : `tcp_migrate_req can't be set in a network of its own: ${stderr.trim()}`;
}

export async function handOverInOwnNetwork(migrate: 0 | 1, durationMs: number): Promise<HandoverFigures> {
  const [program = "", ...args] = UNSHARE;
  const inside = ['ip link set lo up; exec "$0" "$@"', process.execPath, MAIN, String(migrate), String(durationMs)];
  const { code, out, err } = await run(program, [...args, ...inside]);
  const last = out.trim().split("\n").at(-1) ?? "";
  if (code !== 0) throw new Error(`the handover ended with ${code}: ${err}`);
  return JSON.parse(last) as HandoverFigures;
}
