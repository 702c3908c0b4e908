// Whether this Bun has what our TLS is made of, most of which stands in no documentation: tried once a process, on a handshake of two
// ends that fails for want of a certificate, in about a millisecond. What a handshake with one comes to is the contract suite's to hold.
import { createSecureContext } from "node:tls";
import type { RawSocket } from "./bun-socket.ts";
import type { NativeContext, PlainRaw, RawTlsError, UpgradeOptions } from "./tls-raw.ts";

const PATIENCE_MS = 5_000;

let tested: Promise<void> | null = null;

/** Rejects with an Error that says what is missing. */
export function testTls(): Promise<void> {
  tested ??= shakeOnce().catch((error: unknown) => {
    const words = error instanceof Error ? error.message : String(error);
    throw new Error(`TLS can't be served by Bun ${process.versions.bun}: ${words}. Bun 1.4.5 can; or take the transport of node:net`);
  });
  return tested;
}

interface RawApi {
  listen(options: object): { readonly port: number; stop(closeActive: boolean): void };
  connect(options: object): Promise<unknown>;
}

async function shakeOnce(): Promise<void> {
  const { context } = createSecureContext({}) as { readonly context?: NativeContext };
  if (context === undefined) throw new Error("a SecureContext has no context");
  const secureContext = context;
  const bun = globalThis.Bun as unknown as RawApi;
  const done = Promise.withResolvers<void>();
  let heard = 0;

  function upgrade(raw: RawSocket, isServer: boolean, more: Partial<UpgradeOptions>, handshake: UpgradeOptions["socket"]): void {
    try {
      if (typeof (raw as PlainRaw).upgradeTLS !== "function") throw new Error("a socket has no upgradeTLS()");
      const tls = { secureContext, requestCert: !isServer, rejectUnauthorized: false as const };
      const pair = (raw as PlainRaw).upgradeTLS({ isServer, allowHalfOpen: true, tls, data: null, socket: handshake, ...more });
      if (!Array.isArray(pair) || pair.length !== 2) throw new Error("upgradeTLS() gives no pair of sockets");
    } catch (error) {
      done.reject(error);
    }
  }

  const judge = (_raw: RawSocket, ok: boolean, error?: RawTlsError | null): void => {
    if (ok || error?.code !== "EPROTO") done.reject(new Error(`a handshake without a certificate ends with ${ok} and ${error?.code}`));
    else if (heard === 0) done.reject(new Error("the ciphertext behind upgradeTLS() is not shown"));
    else done.resolve();
  };

  let isUpgraded = false;
  const server = bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      data(raw: RawSocket, initialData: Uint8Array) {
        if (isUpgraded) return;
        isUpgraded = true;
        upgrade(raw, true, { initialData }, { data() {}, handshake() {} });
      },
    },
  });
  const client = {
    open: (raw: RawSocket) => upgrade(raw, false, {}, { data() {}, handshake: judge }),
    data(_raw: RawSocket, chunk: Uint8Array) {
      heard += chunk.length;
    },
  };
  const timer = setTimeout(() => done.reject(new Error("a handshake does not come to an end")), PATIENCE_MS);
  try {
    bun.connect({ hostname: "127.0.0.1", port: server.port, allowHalfOpen: true, socket: client }).catch(done.reject);
    await done.promise;
  } finally {
    clearTimeout(timer);
    server.stop(true);
  }
}
