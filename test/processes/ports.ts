// Which process holds which connection, from /proc: to tell whose requests may fail when one is killed. Linux alone.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export const HAS_PROC = process.platform === "linux";

/** The far ports of a process's IPv4 connections at the local port. */
export function listClientPorts(pid: number, localPort: number): ReadonlySet<number> {
  const inodes = new Set<string>();
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const [, inode] = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`)) ?? [];
      if (inode !== undefined) inodes.add(inode);
    } catch {
      // Closed meanwhile.
    }
  }
  const ports = new Set<number>();
  for (const line of readFileSync(`/proc/${pid}/net/tcp`, "latin1").split("\n").slice(1)) {
    const [, local = "", remote = "", , , , , , , inode = ""] = line.trim().split(/\s+/);
    if (inodes.has(inode) && toPort(local) === localPort) ports.add(toPort(remote));
  }
  return ports;
}

function toPort(address: string): number {
  return Number.parseInt(address.split(":")[1] ?? "", 16);
}
