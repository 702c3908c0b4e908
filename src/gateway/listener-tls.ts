// The TLS side of the gateway's listeners over its life: what each says to handshakes, prepared and put in place with a generation.

import type { Steps } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { type ChallengeSource, createServerTls, type IdentityTable, ServerIdentities } from "../tls/index.ts";
import type { ServerTls } from "../transport/index.ts";
import type { CoversAuthority } from "./misdirected.ts";

interface Side {
  readonly identities: ServerIdentities;
  readonly server: ServerTls;
}

/** Tables for one generation, by the listener's name; empty where nothing speaks TLS. */
export type PreparedTls = ReadonlyMap<string, IdentityTable>;

const HTTP1 = ["http/1.1"];

export class ListenersTls {
  readonly #sides = new Map<string, Side>();

  constructor(config: GatewayConfig, challenges: ChallengeSource | null) {
    for (const { name, tls } of config.listeners) {
      if (tls === null) continue;
      const identities = new ServerIdentities(tls);
      this.#sides.set(name, { identities, server: createServerTls(identities, HTTP1, challenges) });
    }
  }

  /** What a listener says to handshakes, now and after each commit; null for one without TLS. */
  serverOf(listener: string): ServerTls | null {
    return this.#sides.get(listener)?.server ?? null;
  }

  *prepareInSteps(config: GatewayConfig): Steps<PreparedTls> {
    const tables = new Map<string, IdentityTable>();
    for (const { name, tls } of config.listeners) {
      const side = this.#sides.get(name);
      if (side !== undefined && tls !== null) tables.set(name, yield* side.identities.prepare(tls));
    }
    return tables;
  }

  commit(tables: PreparedTls): void {
    for (const [name, table] of tables) this.#sides.get(name)?.identities.commit(table);
  }
}

/** Null where no host of the listener asks clients for certificates: then every handshake covers every host. */
export function coversOf(tables: PreparedTls, listener: string): CoversAuthority | null {
  const table = tables.get(listener);
  if (table === undefined || !table.hasClientAuth) return null;
  return (facts, host) => table.coversAuthority(facts.identity, host);
}
