// The admin address: one port of its own, on the same engine as clients' requests, answered by a ControlPlane. It knows no processes and
// no files. What it refuses to do without: somebody to ask who they are, where the address is not loopback.

import { randomBytes } from "node:crypto";
import type { Clock, TimerWheel } from "../base/index.ts";
import type { AdminConfig } from "../config/index.ts";
import type { RequestAcceptor } from "../http/index.ts";
import { Exchange, type ExchangeRuntime } from "../pipeline/index.ts";
import type { MetricRegistry } from "../telemetry/index.ts";
import { type ServerTls, type SocketAddress, type Transport, toAddressText } from "../transport/index.ts";
import { AdminConnections } from "./admin-connections.ts";
import { AdminMetrics } from "./admin-metrics.ts";
import { type AdminRules, compileAdminPlan } from "./admin-plan.ts";
import { AdminSite, isLoopback } from "./admin-site.ts";
import { AdminToken } from "./admin-token.ts";
import type { ControlPlane } from "./control-plane.ts";

export interface AdminHost {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** What `config.tls` says to handshakes; needed where it says anything. */
  readonly tls?: ServerTls | null;
  /** Where requests to the admin address are counted; nowhere when left out. */
  readonly registry?: MetricRegistry;
  /** A page threw: a bug, or a port that failed. Standard error when left out. */
  readonly onBug?: (error: unknown, requestId: string) => void;
}

export interface AdminServer {
  readonly address: SocketAddress;
  /** Token and hosts of another configuration are in force from the next request on. Throws as createAdminServer() does; the old ones stay then. */
  follow(config: AdminConfig): void;
  /** Stops listening. Answers that are owed go out, for a second at the most. */
  close(): Promise<void>;
}

const CLOSE_MS = 1000;

/** Rejects when the address can't be bound, or where it would be open to everybody who can reach it. */
export async function createAdminServer(plane: ControlPlane, config: AdminConfig, host: AdminHost): Promise<AdminServer> {
  const server = new RunningAdminServer(plane, config, host);
  await server.listen();
  return server;
}

class RunningAdminServer implements AdminServer {
  readonly #host: AdminHost;
  readonly #connections: AdminConnections;
  #config: AdminConfig;
  #rules: AdminRules;
  #listener: { readonly address: SocketAddress; close(): void } | null = null;
  #closing: Promise<void> | null = null;

  constructor(plane: ControlPlane, config: AdminConfig, host: AdminHost) {
    this.#host = host;
    this.#config = config;
    this.#rules = toRules(config, config.address);
    if (config.tls !== null && (host.tls ?? null) === null)
      throw new Error("admin.tls is configured, and there is nothing to answer handshakes with");
    const plan = compileAdminPlan(plane, () => this.#rules);
    const runtime = new AdminRuntime(host);
    const acceptor: RequestAcceptor = {
      accept: (head, client) => new Exchange(runtime, client, head, plan, "", null),
      refuse: (fault, client) => new Exchange(runtime, client, null, plan, "", fault),
    };
    this.#connections = new AdminConnections(host.wheel, acceptor, config.tls !== null);
  }

  async listen(): Promise<void> {
    const { transport, tls } = this.#host;
    const options = this.#config.tls === null || tls == null ? {} : { tls };
    const listener = await transport.listen(this.#config.address, (socket) => this.#connections.accept(socket), options);
    this.#listener = listener;
    this.#rules = toRules(this.#config, listener.address);
  }

  get address(): SocketAddress {
    return this.#listener!.address;
  }

  follow(config: AdminConfig): void {
    if ((config.tls === null) !== (this.#config.tls === null)) throw new Error("admin.tls can't begin or end while the address is open");
    this.#rules = toRules(config, this.address);
    if (judgesOtherwise(this.#config, config)) this.#connections.expire();
    this.#config = config;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#listener?.close();
    const late = this.#host.clock.schedule(() => this.#connections.destroy(), CLOSE_MS);
    await this.#connections.drain();
    late.cancel();
  }
}

/** Whether a client's certificate that was good may be none now. */
function judgesOtherwise(before: AdminConfig, after: AdminConfig): boolean {
  const rules = ({ tls }: AdminConfig) => JSON.stringify(tls?.certificates.map(({ clientAuth }) => clientAuth) ?? null);
  return rules(before) !== rules(after);
}

/** Throws where the configuration would let everybody in: its own check says so first, to people. */
function toRules(config: AdminConfig, address: SocketAddress): AdminRules {
  const { token, hosts, tls } = config;
  const certifies =
    tls !== null && tls.certificates.length > 0 && tls.certificates.every(({ clientAuth }) => clientAuth?.mode === "required");
  if (token === null && !certifies && !isLoopback(address)) {
    throw new Error(
      `the admin address ${toAddressText(address)} is not loopback: it needs admin.token, or admin.tls with client certificates that are required`,
    );
  }
  if (token !== null && token.reveal() === "") throw new Error("admin.token is empty");
  return { site: new AdminSite(address, hosts), token: token === null ? null : new AdminToken(token), needsCertificate: certifies };
}

class AdminRuntime implements ExchangeRuntime {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly #metrics: AdminMetrics | null;
  readonly #onBug: (error: unknown, requestId: string) => void;
  readonly #prefix = randomBytes(8).toString("hex");
  #count = 0;

  constructor({ clock, wheel, registry, onBug }: AdminHost) {
    this.clock = clock;
    this.wheel = wheel;
    this.#metrics = registry === undefined ? null : new AdminMetrics(registry);
    this.#onBug = onBug ?? writeBug;
  }

  onExchangeEnd(exchange: Exchange): void {
    this.#metrics?.record(exchange);
  }

  onTunnel(): void {}

  onBug(exchange: Exchange, error: unknown): void {
    this.#onBug(error, exchange.requestId);
  }

  nextRequestId(): string {
    this.#count++;
    return `${this.#prefix}-${String(this.#count).padStart(2, "0")}`;
  }
}

function writeBug(error: unknown, requestId: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`sallyport: bug while answering the admin request ${requestId}: ${text}\n`);
}
