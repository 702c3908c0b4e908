// The identities of one listener over its life: one table after the other, each put in place whole, between two handshakes.

import { runAtOnce, type Steps } from "../base/index.ts";
import type { TlsIdentity } from "../transport/index.ts";
import { compileIdentities, type ListenerTlsInput } from "./compile-identities.ts";
import type { HandshakeIdentity, IdentityTable } from "./identity-table.ts";

export class ServerIdentities {
  #table: IdentityTable;

  constructor(config: ListenerTlsInput) {
    this.#table = runAtOnce(compileIdentities(config, null));
  }

  /** What is in place. */
  get table(): IdentityTable {
    return this.#table;
  }

  get hasClientAuth(): boolean {
    return this.#table.hasClientAuth;
  }

  /** Compiles aside, in steps, for commit(). A table that is dropped leaves nothing behind. */
  prepare(config: ListenerTlsInput): Steps<IdentityTable> {
    return compileIdentities(config, this.#table);
  }

  commit(table: IdentityTable): void {
    this.#table = table;
  }

  /** Both at once. */
  replace(config: ListenerTlsInput): void {
    this.commit(runAtOnce(this.prepare(config)));
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
