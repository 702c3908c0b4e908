// The identities of one listener over its life: one table after the other, each put in place whole, between two handshakes.

import type { TlsIdentity } from "../transport/index.ts";
import { compileIdentities, type ListenerTlsInput } from "./compile-identities.ts";
import type { HandshakeIdentity, IdentityTable } from "./identity-table.ts";

export class ServerIdentities {
  #table: IdentityTable;

  constructor(config: ListenerTlsInput) {
    this.#table = runToEnd(compileIdentities(config, null));
  }

  /** What is in place. */
  get table(): IdentityTable {
    return this.#table;
  }

  get hasClientAuth(): boolean {
    return this.#table.hasClientAuth;
  }

  /** Compiles aside, in steps, for commit(). A table that is dropped leaves nothing behind. */
  prepare(config: ListenerTlsInput): Generator<undefined, IdentityTable, undefined> {
    return compileIdentities(config, this.#table);
  }

  commit(table: IdentityTable): void {
    this.#table = table;
  }

  /** Both at once. */
  replace(config: ListenerTlsInput): void {
    this.commit(runToEnd(this.prepare(config)));
  }

  select(serverName: string): TlsIdentity | null {
    return this.#table.select(serverName);
  }

  policyOf(authority: string): string {
    return this.#table.policyOf(authority);
  }

  coversAuthority(identity: HandshakeIdentity | null, authority: string): boolean {
    return this.#table.coversAuthority(identity, authority);
  }
}

function runToEnd<Result>(steps: Generator<undefined, Result, undefined>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
