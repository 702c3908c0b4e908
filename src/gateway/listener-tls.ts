// The TLS side of the gateway's listeners over its life: what each says to handshakes, prepared and put in place with a generation.

import type { Steps } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { type ChallengeSource, createServerTls, type IdentityTable, type ListenerTls, ServerIdentities } from "../tls/index.ts";
import type { ServerTls } from "../transport/index.ts";
import type { CoversAuthority } from "./misdirected.ts";

interface Side {
  readonly identities: ServerIdentities;
  readonly server: ListenerTls;
}

/** What one generation says, by the listener's name; empty where nothing speaks TLS. */
export type PreparedTls = ReadonlyMap<string, { readonly table: IdentityTable; readonly protocols: readonly string[] }>;

export class ListenersTls {
  readonly #sides = new Map<string, Side>();

  constructor(config: GatewayConfig, challenges: ChallengeSource | null) {
    for (const { name, tls, protocols } of config.listeners) {
      if (tls === null) continue;
      const identities = new ServerIdentities(tls);
      this.#sides.set(name, { identities, server: createServerTls(identities, protocols, challenges) });
    }
  }

  /** What a listener says to handshakes, now and after each commit; null for one without TLS. */
  serverOf(listener: string): ServerTls | null {
    return this.#sides.get(listener)?.server ?? null;
  }

  *prepareInSteps(config: GatewayConfig): Steps<PreparedTls> {
    const prepared = new Map<string, { table: IdentityTable; protocols: readonly string[] }>();
    for (const { name, tls, protocols } of config.listeners) {
      const side = this.#sides.get(name);
      if (side !== undefined && tls !== null) prepared.set(name, { table: yield* side.identities.prepare(tls), protocols });
    }
    return prepared;
  }

  commit(prepared: PreparedTls): void {
    for (const [name, { table, protocols }] of prepared) {
      const side = this.#sides.get(name);
      if (side === undefined) continue;
      side.identities.commit(table);
      side.server.protocols = protocols;
    }
  }
}

/** Null where no host of the listener asks clients for certificates: then every handshake covers every host. */
export function coversOf(prepared: PreparedTls, listener: string): CoversAuthority | null {
  const table = prepared.get(listener)?.table;
  if (table === undefined || !table.hasClientAuth) return null;
  return (facts, host) => table.coversAuthority(facts.identity, host);
}
