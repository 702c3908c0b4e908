// Shared listeners on Node, by the handles below node:net. Node listens and accepts in one; what keeps it from accepting is that
// reading is stopped in the same turn, before its loop has looked at the socket (in libuv accepting is reading). Not documented by
// Node: the tests hold it on the oldest and the newest version that we run on, and what is missing is said at once.
import { fstatSync, readFileSync } from "node:fs";
import * as net from "node:net";
import { createSystemError } from "../libc/system-error.ts";
import type { SocketAddress } from "../socket.ts";
import type { SharedListener, SharedListenerMaker } from "./shared-listener.ts";

/** What of node's TCP and Pipe handles is used here. Calls return 0 or a negative error number. */
interface Handle {
  readonly fd: number;
  open(descriptor: number): number;
  listen(backlog: number): number;
  readStart(): number;
  readStop(): number;
  getsockname?(out: { address?: string; port?: number }): number;
  getpeername?(out: object): number;
  close(): void;
}

type CreateHandle = (
  host: string | null,
  port: number | null,
  type: 4 | 6 | -1,
  descriptor: number | undefined,
  flags: number,
) => Handle | number;

// uv.h: UV_TCP_REUSEPORT.
const UV_REUSE_PORT = 2;
// The bit of a socket that listens in /proc/net/unix.
const LISTENS = 0x10000;

const METHODS = ["open", "listen", "readStart", "readStop", "close"] as const;

export function nodeMaker(): SharedListenerMaker {
  const create = (net as unknown as { _createServerHandle?: CreateHandle })._createServerHandle;
  if (typeof create !== "function") throw lacks("net._createServerHandle");
  return {
    bind: (address, reusePort, backlog) => bind(create, address, reusePort, backlog),
    adopt: (descriptor) => adopt(create, descriptor),
  };
}

function bind(create: CreateHandle, address: SocketAddress, reusePort: boolean, backlog: number | null): SharedListener {
  const handle =
    "path" in address
      ? create(address.path, -1, -1, undefined, 0)
      : create(address.host, address.port, address.host.includes(":") ? 6 : 4, undefined, reusePort ? UV_REUSE_PORT : 0);
  if (typeof handle === "number") throw createSystemError("bind", -handle);
  const missing = METHODS.find((name) => typeof handle[name] !== "function");
  if (missing !== undefined) throw lacks(`${missing}() of a handle`);
  try {
    if (backlog !== null) {
      // A handle that was opened by its descriptor may be read from, which readStop() takes for granted.
      must(handle.open(handle.fd), "open");
      must(handle.listen(backlog), "listen");
      must(handle.readStart(), "readStart");
      must(handle.readStop(), "readStop");
    }
    return hold(handle, "path" in address ? address : readName(handle));
  } catch (error) {
    handle.close();
    throw error;
  }
}

function adopt(create: CreateHandle, descriptor: number): SharedListener {
  // Closes the descriptor when it is no socket of a kind that Node can listen on: so that is found out first.
  if (!fstatSync(descriptor).isSocket()) throw new Error("it is no socket");
  const unix = findUnixSocket(descriptor);
  if (unix !== null && !unix.listens) throw new Error("it does not listen");
  const handle = create(null, null, -1, descriptor, 0);
  if (typeof handle === "number") throw createSystemError("open", -handle);
  if (unix !== null) return hold(handle, { path: unix.path });
  if (handle.getpeername?.({}) === 0) throw new Error("it does not listen");
  return hold(handle, readName(handle));
}

function readName(handle: Handle): SocketAddress {
  if (handle.getsockname === undefined) throw lacks("getsockname() of a handle");
  const name: { address?: string; port?: number } = {};
  must(handle.getsockname(name), "getsockname");
  if (name.address === undefined || name.port === undefined) throw new Error("it is neither an IP nor a unix socket");
  return { host: name.address, port: name.port };
}

/** Node's handle of a unix socket does not tell its path; Linux does, by the inode. */
function findUnixSocket(descriptor: number): { readonly path: string; readonly listens: boolean } | null {
  const inode = String(fstatSync(descriptor).ino);
  let table: string;
  try {
    table = readFileSync("/proc/net/unix", "utf8");
  } catch {
    return null;
  }
  for (const line of table.split("\n")) {
    const [, , , flags = "", , , ino, ...path] = line.trim().split(/ +/);
    if (ino === inode) return { path: path.join(" "), listens: (Number.parseInt(flags, 16) & LISTENS) !== 0 };
  }
  return null;
}

function hold(handle: Handle, address: SocketAddress): SharedListener {
  const descriptor = handle.fd;
  return { descriptor, address, close: () => handle.close() };
}

function must(result: number, syscall: string): void {
  if (result < 0) throw createSystemError(syscall, -result);
}

function lacks(what: string): Error {
  return new Error(`Node ${process.versions.node} has no ${what}, which sharing a listening socket between processes takes`);
}
