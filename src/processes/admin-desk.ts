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

  constructor(plane: ControlPlane, host: DeskHost) {
    this.#plane = plane;
    this.#host = host;
  }

  get address(): SocketAddress | null {
    return this.#open?.server.address ?? null;
  }

  /** Rejects when the address can't be bound, or is open to everybody. */
  async open(config: AdminConfig | null): Promise<void> {
    if (config === null) return;
    const identities = config.tls === null ? null : new ServerIdentities(config.tls);
    const tls = identities === null ? null : createServerTls(identities, HTTP1);
    this.#open = { config, identities, server: await createAdminServer(this.#plane, config, { ...this.#host, tls }) };
  }

  async follow(config: AdminConfig | null): Promise<void> {
    const before = this.#open;
    if (before === null) return this.open(config);
    if (config === null) return this.close();
    if (isSamePlace(before.config, config)) {
      before.server.follow(config);
      if (config.tls !== null) before.identities?.replace(config.tls);
      this.#open = { ...before, config };
      return;
    }
    await this.open(config);
    await before.server.close();
  }

  async close(): Promise<void> {
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
