// The admin address over the life of a gateway: opened, taken along with the configuration, moved when that says so.

import type { Clock, TimerWheel } from "../base/index.ts";
import type { AdminConfig, GatewayConfig } from "../config/index.ts";
import { type AdminServer, type ControlPlane, createAdminServer, describeConfig, type RunningFacts } from "../control/index.ts";
import type { MetricRegistry } from "../telemetry/index.ts";
import { createServerTls, ServerIdentities } from "../tls/index.ts";
import type { SocketAddress, Transport } from "../transport/index.ts";

interface DeskHost {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly registry: MetricRegistry;
}

const HTTP1 = ["http/1.1"];

interface Open {
  readonly config: AdminConfig;
  readonly server: AdminServer;
  readonly identities: ServerIdentities | null;
}

export class AdminDesk {
  readonly #plane: ControlPlane;
  readonly #host: DeskHost;
  #open: Open | null = null;
  /** What opens and closes addresses, one after the other: nobody waits for the end of an address that was left. */
  #work: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(plane: ControlPlane, host: DeskHost) {
    this.#plane = plane;
    this.#host = host;
  }

  get address(): SocketAddress | null {
    return this.#open?.server.address ?? null;
  }

  /** Rejects when the address can't be bound, or is open to everybody. */
  open(config: AdminConfig | null): Promise<void> {
    return this.#enqueue(() => this.#begin(config));
  }

  /** Rejects likewise; what was open stays as it was then. */
  follow(config: AdminConfig | null): Promise<void> {
    return this.#enqueue(() => this.#follow(config));
  }

  /** For good. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#enqueue(() => this.#end());
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => undefined);
    return done;
  }

  async #begin(config: AdminConfig | null): Promise<void> {
    if (config === null || this.#isClosed) return;
    const identities = config.tls === null ? null : new ServerIdentities(config.tls);
    const tls = identities === null ? null : createServerTls(identities, HTTP1);
    this.#open = { config, identities, server: await createAdminServer(this.#plane, config, { ...this.#host, tls }) };
  }

  async #follow(config: AdminConfig | null): Promise<void> {
    const before = this.#open;
    if (before === null) return this.#begin(config);
    if (config === null) return this.#end();
    if (isSamePlace(before.config, config)) {
      before.server.follow(config);
      if (config.tls !== null) before.identities?.replace(config.tls);
      this.#open = { ...before, config };
      return;
    }
    await this.#begin(config);
    await before.server.close();
  }

  async #end(): Promise<void> {
    const before = this.#open;
    this.#open = null;
    await before?.server.close();
  }

  describe(config: GatewayConfig, facts: RunningFacts): string {
    return describeConfig(config, facts);
  }
}

function isSamePlace(before: AdminConfig, after: AdminConfig): boolean {
  return JSON.stringify(before.address) === JSON.stringify(after.address) && (before.tls === null) === (after.tls === null);
}
