// A control plane that a test sets up, and a client that asks an admin server for pages over a network in memory.

import { randomBytes } from "node:crypto";
import { FakeClock, Secret, systemClock, TimerWheel } from "../base/index.ts";
import type { AdminConfig } from "../config/index.ts";
import { type ApiKeyOperations, createApiKeyOperations } from "../identity/index.ts";
import { createQuotaOperations, type QuotaOperations } from "../limits/index.ts";
import { createMemoryStores } from "../stores/index.ts";
import { MetricRegistry } from "../telemetry/index.ts";
import { MemoryNetwork, type SocketAddress, type Transport } from "../transport/index.ts";
import { type AdminHost, type AdminServer, createAdminServer } from "./admin-server.ts";
import type { ControlPlane, GatewayStatus, PublicKeys, ReloadOutcome } from "./control-plane.ts";

const STATUS: GatewayStatus = {
  name: "shop",
  version: "1.2.3",
  runtime: "Node 26.10.0",
  pid: 4711,
  startedAt: "2026-11-24T12:00:00.000Z",
  state: "serving",
  generation: "3f2a9c417be0d586",
  previousGeneration: "0a1b2c3d4e5f6071",
  isRolledBack: false,
  isDegraded: false,
  lastReload: { at: "2026-11-24T12:30:00.000Z", cause: "SIGHUP", outcome: "applied" },
  workers: [
    {
      slot: 0,
      pid: 4712,
      state: "serving",
      startedAt: "2026-11-24T12:00:00.000Z",
      crashes: 1,
      connections: 12,
      generations: ["3f2a9c417be0d586"],
      storesAway: [],
    },
  ],
  certificates: [
    { usedBy: "listener https", names: ["api.example.com"], notAfter: "2027-01-01T00:00:00.000Z", fingerprint: "ab".repeat(32) },
    { usedBy: "listener https", names: ["www.example.com"], notAfter: null, fingerprint: "" },
  ],
};

export class FakeControlPlane implements ControlPlane {
  current: GatewayStatus = STATUS;
  ready = true;
  /** What a reload or rollback comes to. */
  outcome: Promise<ReloadOutcome> | ReloadOutcome = { outcome: "applied", generation: "00ff00ff00ff00ff", issues: [] };
  readonly causes: string[] = [];
  metrics: () => Promise<string> = () => Promise.resolve("# TYPE a counter\na 1\n");

  keys: ApiKeyOperations | null = createApiKeyOperations(createMemoryStores().apiKeys, {
    clock: systemClock,
    random: randomBytes,
    identities: () => ["partners"],
  });

  quotas: QuotaOperations | null = createQuotaOperations(createMemoryStores().quotas, {
    clock: systemClock,
    limits: () => ["orders", "searches"],
  });

  publicKeys: () => Promise<PublicKeys> | null = () => Promise.resolve({ text: '{"keys":[]}', cacheForSeconds: 300 });

  isReady(): boolean {
    return this.ready;
  }

  status(): GatewayStatus {
    return this.current;
  }

  describeConfig(): string {
    return '{"generation":"3f2a9c417be0d586"}\n';
  }

  exposeMetrics(): Promise<string> {
    return this.metrics();
  }

  async listUpstreams() {
    return [
      {
        name: "orders",
        protocol: "h2" as const,
        endpoints: [{ address: "127.0.0.1:3001", weight: 1, healthy: null }],
        open: 3,
        idle: 2,
        pending: 0,
        streams: 7,
      },
    ];
  }

  async reload(cause: string): Promise<ReloadOutcome> {
    this.causes.push(`reload: ${cause}`);
    return this.outcome;
  }

  async rollback(cause: string): Promise<ReloadOutcome> {
    this.causes.push(`rollback: ${cause}`);
    return this.outcome;
  }
}

export interface AdminReply {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

export const LOOPBACK: AdminConfig = { address: { host: "127.0.0.1", port: 9901 }, token: null, hosts: [], tls: null };
export const GUARDED: AdminConfig = { ...LOOPBACK, token: new Secret("s3cret-of-the-operator") };

/** One admin server in memory, with a client that writes bytes. */
export class AdminStage {
  readonly plane = new FakeControlPlane();
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly registry = new MetricRegistry();
  readonly bugs: unknown[] = [];
  #server: AdminServer | null = null;

  static async start(config: AdminConfig = LOOPBACK, host: Partial<AdminHost> = {}): Promise<AdminStage> {
    const stage = new AdminStage();
    const { clock, wheel, registry } = stage;
    const inMemory = stage.network.transport;
    // Always in clear text: handshakes are tried in admin-tls.test.ts.
    const transport: Transport = { ...inMemory, listen: (address, accept) => inMemory.listen(address, accept) };
    stage.#server = await createAdminServer(stage.plane, config, {
      transport,
      clock,
      wheel,
      registry,
      onBug: (error) => stage.bugs.push(error),
      ...host,
    });
    return stage;
  }

  get server(): AdminServer {
    return this.#server!;
  }

  /** Sends `bytes` on a connection of its own; `received` grows as answers come. */
  connect(bytes: string): AdminClient {
    return new AdminClient(this.network, this.server.address, bytes);
  }

  /** Delivers what can be delivered now, answers of promises included. */
  async settle(): Promise<void> {
    do {
      this.network.pump();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.network.pump() > 0);
  }

  /** One request, its answer; the time that a wrong token costs passes. `lines` may replace Host. */
  async ask(requestLine: string, lines: readonly string[] = [], body = ""): Promise<AdminReply> {
    const host = lines.some((line) => /^host:/i.test(line)) ? [] : ["Host: 127.0.0.1:9901"];
    const client = this.connect(`${[`${requestLine} HTTP/1.1`, ...host, ...lines, "Connection: close"].join("\r\n")}\r\n\r\n${body}`);
    await this.settle();
    this.clock.advance(600);
    await this.settle();
    return client.reply();
  }

  /** The same in short: the status, and the code of an error. */
  async statusOf(requestLine: string, lines: readonly string[] = []): Promise<string> {
    const { status, body } = await this.ask(requestLine, lines);
    return `${status}${status < 400 ? "" : ` ${/"code":\s*"([^"]+)"/.exec(body)?.[1]}`}`;
  }

  /** The value of a series as the registry shows it; 0 when it is not there. */
  count(series: string): number {
    const line = this.registry.expose().split("\n");
    return Number(
      line
        .find((each) => each.startsWith(`${series} `))
        ?.split(" ")
        .at(-1) ?? 0,
    );
  }

  async stop(): Promise<void> {
    const closed = this.server.close();
    await this.settle();
    this.clock.advance(1000);
    await this.settle();
    await closed;
    this.wheel.stop();
  }
}

export class AdminClient {
  received = "";
  isOver = false;
  readonly #socket: ReturnType<MemoryNetwork["transport"]["connect"]>;

  constructor(network: MemoryNetwork, address: SocketAddress, bytes: string) {
    const socket = network.transport.connect(address, {
      onOpen: () => socket.writeText(bytes),
      onData: (chunk) => {
        this.received += Buffer.from(chunk).toString("latin1");
      },
      onDrain() {},
      onEnd: () => socket.close(),
      onClose: () => {
        this.isOver = true;
      },
    });
    this.#socket = socket;
  }

  send(bytes: string): void {
    this.#socket.writeText(bytes);
  }

  close(): void {
    this.#socket.close();
  }

  /** The first answer. */
  reply(): AdminReply {
    const [head = "", ...rest] = this.received.split("\r\n\r\n");
    const [statusLine = "", ...lines] = head.split("\r\n");
    const headers = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 2)]));
    return { status: Number(statusLine.split(" ")[1] ?? 0), headers, body: rest.join("\r\n\r\n") };
  }
}
