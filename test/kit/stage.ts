// Where a test plays: a network with a gateway and a scripted upstream on it, and a way to wait until nothing moves.
// In memory nothing moves once the network is pumped dry, so there is neither time nor chance; over real sockets a test
// says what it waits for.

import type { GatewayConfig } from "../../src/config/index.ts";
import { defaultTransport, MemoryNetwork, type SocketAddress, type Transport } from "../../src/transport/index.ts";
import { ScriptedUpstream } from "./scripted-upstream.ts";

export interface Stage {
  /** Clients connect through this one. */
  readonly transport: Transport;
  readonly gateway: SocketAddress;
  readonly upstream: ScriptedUpstream;
  /** Delivers what is deliverable at once; does nothing over real sockets. */
  pump(): void;
  /** Waits until nothing moves; over real sockets until `isDone`, or for `mostMs`, 2 s unless said. */
  settle(isDone: () => boolean, mostMs?: number): Promise<void>;
  /** Client connections that the gateway has not let go of; always 0 over real sockets, where nobody can see them. */
  openConnections(): number;
  stop(): Promise<void>;
}

/** Small, so that inputs over them are short. */
export const STAGE_BOUNDS = { lineBytes: 1024, headBytes: 4096, fieldCount: 50, bodyBytes: 8192 } as const;

/** Starts what the stage puts between client and upstream. */
export type GatewayStarter = (
  config: GatewayConfig,
  transport: Transport,
  isMemory: boolean,
) => Promise<{ address: SocketAddress; stop(): Promise<void> }>;

export async function createMemoryStage(start: GatewayStarter): Promise<Stage> {
  const network = new MemoryNetwork({ schedule: null });
  const upstream = new ScriptedUpstream();
  await upstream.listen(network.transport);
  const gateway = await start(stageConfig(upstream.address), network.transport, true);
  async function settle(): Promise<void> {
    do {
      network.pump();
      await new Promise((resolve) => setImmediate(resolve));
    } while (network.pump() > 0);
  }
  return {
    transport: network.transport,
    gateway: gateway.address,
    upstream,
    pump: () => void network.pump(),
    settle,
    openConnections: () =>
      network.openSockets.filter((socket) => "port" in gateway.address && socket.localPort === gateway.address.port).length,
    async stop() {
      const stopped = gateway.stop();
      await settle();
      upstream.stop();
      await settle();
      await stopped;
    },
  };
}

const DEADLINE_MS = 2000;

export async function createSocketStage(start: GatewayStarter): Promise<Stage> {
  const transport = defaultTransport();
  const upstream = new ScriptedUpstream();
  await upstream.listen(transport);
  const gateway = await start(stageConfig(upstream.address), transport, false);
  return {
    transport,
    gateway: gateway.address,
    upstream,
    pump() {},
    openConnections: () => 0,
    async settle(isDone, mostMs = DEADLINE_MS) {
      const deadline = performance.now() + mostMs;
      while (!isDone() && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 1));
    },
    async stop() {
      upstream.stop();
      await gateway.stop();
    },
  };
}

/** One listener, one upstream, one route for everything; bounds that short inputs reach, no limit that a table would trip over. */
function stageConfig(upstream: SocketAddress): GatewayConfig {
  if ("path" in upstream) throw new Error("the stage's upstream listens on TCP");
  return {
    version: 1,
    gateway: {
      name: "stage",
      kind: "edge",
      workers: 1,
      drainMs: 9000,
      watch: false,
      identityHeaders: ["X-User-Id", "X-User-Roles", "X-Tenant-Id"],
      sealKeys: [],
      stateDir: null,
      loadShedding: null,
    },
    admin: null,
    acme: null,
    database: null,
    internalKeys: null,
    counters: null,
    rateLimits: [],
    identities: [],
    listeners: [
      {
        name: "http",
        address: { host: "127.0.0.1", port: 0 },
        protocols: ["http/1.1"],
        tls: null,
        proxyProtocol: null,
        reusePort: false,
        trustedProxies: [],
        bounds: {
          ...STAGE_BOUNDS,
          headTimeoutMs: 10_000,
          idleTimeoutMs: 60_000,
          minBodyBytesPerSecond: 256,
          connectionsPerIp: null,
          streams: 128,
        },
        publishKeys: false,
        rateLimits: [],
      },
    ],
    upstreams: [
      {
        name: "app",
        endpoints: [{ address: upstream, authority: `127.0.0.1:${upstream.port}`, weight: 1 }],
        protocol: "http/1.1",
        balance: "roundRobin",
        internalToken: null,
        loadShedding: null,
        tls: null,
        proxyProtocol: null,
        timeouts: { connectMs: 1000, firstByteMs: 5000, betweenBytesMs: 5000, idleMs: 60_000 },
        health: { active: null },
        pool: { connections: 16, streams: 100, pending: 64 },
      },
    ],
    routes: [
      {
        name: "everything",
        team: null,
        match: { hosts: [], paths: ["/*"], methods: [], conditions: [] },
        auth: null,
        authorize: null,
        forwardCredential: false,
        rateLimits: [],
        priority: "normal",
        action: { kind: "upstream", upstream: "app" },
        maintenance: null,
        lifecycle: null,
        rewrite: {
          stripPrefix: null,
          addPrefix: null,
          path: null,
          host: { kind: "keep" },
          query: { keepOnly: null, remove: [], set: [] },
        },
        headers: { request: { set: [], add: [], remove: [] }, response: { set: [], add: [], remove: ["Server", "X-Powered-By"] } },
        // Tables say what a plain upstream sees: nothing is removed for its name alone.
        methodOverride: "keep",
        cors: null,
        securityHeaders: null,
        errors: { upstream: "keep", read: null, status: [], typeBase: null },
        grpcWeb: false,
        webSocket: { idleMs: undefined, messageBytes: null, messagesPerSecond: null },
        timeoutMs: 10_000,
        bounds: { lineBytes: undefined, headBytes: undefined, fieldCount: undefined, bodyBytes: undefined },
        paths: { encodedSlash: "reject", backslash: "reject", duplicateSlashes: "keep", dotSegments: "resolve" },
      },
    ],
    telemetry: { accessLog: null },
  };
}
