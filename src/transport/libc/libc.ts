// The few calls of the C library that neither runtime offers, through Bun's FFI: a listening socket that is not accepted on, and a
// datagram to a unix socket. Linux (glibc and musl) and macOS. Each method is one call and throws what it failed with.
import type { SocketAddress } from "../socket.ts";
import { ADDRESS_BYTES, type AddressText, decodeSocketAddress, encodeSocketAddress } from "./socket-address.ts";
import { createSystemError } from "./system-error.ts";
import { NUMBERS } from "./system-numbers.ts";

export interface Libc {
  /** Non-blocking and closed on exec, where the system can say so at once. */
  socket(family: number, type: number): number;
  setFlag(descriptor: number, level: number, option: number, on: boolean): void;
  readFlag(descriptor: number, level: number, option: number): boolean;
  bind(descriptor: number, address: SocketAddress): void;
  listen(descriptor: number, backlog: number): void;
  connect(descriptor: number, address: SocketAddress): void;
  send(descriptor: number, bytes: Uint8Array): void;
  /** Null for what is neither an IP nor a unix socket. */
  nameOf(descriptor: number): SocketAddress | null;
  close(descriptor: number): void;
  /** The system's own clock that only goes forward. Bun's process.hrtime() counts from the start of the process. */
  monotonicMicros(): bigint;
}

const INET_TEXT_BYTES = 64;

let loaded: Libc | null = null;

/** The C library of this process. Throws an Error that says why there is none: no Bun, or no library by a name that we know. */
export async function loadLibc(): Promise<Libc> {
  if (process.versions.bun === undefined) throw new Error("the C library can be called on Bun alone");
  if (process.platform !== "linux" && process.platform !== "darwin") throw new Error(`the C library of ${process.platform} is not known`);
  loaded ??= await load();
  return loaded;
}

/** glibc, musl by either of its names, macOS. */
function listNames(): readonly string[] {
  if (process.platform === "darwin") return ["libSystem.B.dylib"];
  const cpu = process.arch === "arm64" ? "aarch64" : "x86_64";
  return ["libc.so.6", `libc.musl-${cpu}.so.1`, `ld-musl-${cpu}.so.1`];
}

async function load(): Promise<Libc> {
  const { dlopen, ptr, read } = await import("bun:ffi");

  function open() {
    const reasons: string[] = [];
    for (const name of listNames()) {
      try {
        return { ...openCalls(name), errno: findErrno(name) };
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
    }
    throw new Error(`the C library could not be loaded: ${reasons.join("; ")}`);
  }

  function openCalls(name: string) {
    return dlopen(name, {
      socket: { args: ["i32", "i32", "i32"], returns: "i32" },
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
      getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
      bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
      listen: { args: ["i32", "i32"], returns: "i32" },
      connect: { args: ["i32", "ptr", "u32"], returns: "i32" },
      send: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
      getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
      inet_pton: { args: ["i32", "ptr", "ptr"], returns: "i32" },
      inet_ntop: { args: ["i32", "ptr", "ptr", "u32"], returns: "ptr" },
      close: { args: ["i32"], returns: "i32" },
      clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
    }).symbols;
  }

  /** Where the thread's errno stands, looked up once: another call before it is read might change it. */
  function findErrno(name: string): () => number {
    const at =
      process.platform === "darwin"
        ? dlopen(name, { __error: { args: [], returns: "ptr" } }).symbols.__error()
        : dlopen(name, { __errno_location: { args: [], returns: "ptr" } }).symbols.__errno_location();
    if (at === null) throw new Error(`${name} tells no error numbers`);
    return () => read.i32(at, 0);
  }

  const calls = open();
  const text: AddressText = {
    parse: (family, printed, into) => calls.inet_pton(family, ptr(Buffer.from(`${printed}\0`)), ptr(into)) === 1,
    print(family, bytes) {
      const printed = new Uint8Array(INET_TEXT_BYTES);
      if (calls.inet_ntop(family, ptr(bytes), ptr(printed), INET_TEXT_BYTES) === null) throw createSystemError("inet_ntop", calls.errno());
      return Buffer.from(printed.subarray(0, printed.indexOf(0))).toString("latin1");
    },
  };
  function must(result: number | bigint, syscall: string): number {
    if (result < 0) throw createSystemError(syscall, calls.errno());
    return Number(result);
  }

  return {
    socket: (family, type) => must(calls.socket(family, type | NUMBERS.typeFlags, 0), "socket"),
    setFlag(descriptor, level, option, on) {
      must(calls.setsockopt(descriptor, level, option, ptr(new Int32Array([on ? 1 : 0])), 4), "setsockopt");
    },
    readFlag(descriptor, level, option) {
      const value = new Int32Array(1);
      must(calls.getsockopt(descriptor, level, option, ptr(value), ptr(new Uint32Array([4]))), "getsockopt");
      return value[0] !== 0;
    },
    bind(descriptor, address) {
      const bytes = encodeSocketAddress(address, text);
      must(calls.bind(descriptor, ptr(bytes), bytes.length), "bind");
    },
    listen: (descriptor, backlog) => void must(calls.listen(descriptor, backlog), "listen"),
    connect(descriptor, address) {
      const bytes = encodeSocketAddress(address, text);
      must(calls.connect(descriptor, ptr(bytes), bytes.length), "connect");
    },
    send: (descriptor, bytes) => void must(calls.send(descriptor, ptr(bytes), bytes.length, 0), "send"),
    nameOf(descriptor) {
      const bytes = new Uint8Array(ADDRESS_BYTES);
      const length = new Uint32Array([ADDRESS_BYTES]);
      must(calls.getsockname(descriptor, ptr(bytes), ptr(length)), "getsockname");
      return decodeSocketAddress(bytes, Math.min(length[0] ?? 0, ADDRESS_BYTES), text);
    },
    close: (descriptor) => void calls.close(descriptor),
    monotonicMicros() {
      const time = new BigInt64Array(2);
      must(calls.clock_gettime(NUMBERS.monotonicClock, ptr(time)), "clock_gettime");
      return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
    },
  };
}
