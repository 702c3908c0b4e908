// Puts a test gateway together: the configuration as it is, a network in memory where its listeners and endpoints are, a clock that stands.

import type { GatewayConfig, ListenerConfig, UpstreamConfig } from "../config/index.ts";
import { createGateway, type GatewayHost } from "../gateway/index.ts";
import { LocalCounters } from "../limits/index.ts";
import { createMemoryStores } from "../stores/index.ts";
import { FakeServices, type ServiceHandler } from "./fake-services.ts";
import { FakeUpstream, type UpstreamHandler } from "./fake-upstream.ts";
import { type ConfigurationSource, loadConfiguration, type Surroundings } from "./load-configuration.ts";
import { playQuotas } from "./played-quotas.ts";
import { RecordingSink } from "./recording-sink.ts";
import type { Reply } from "./reply.ts";
import { TestGateway } from "./test-gateway.ts";
import { playIdentity } from "./test-principals.ts";
import { trustingTransport } from "./trusting-transport.ts";
import { Wiring } from "./wiring.ts";

export interface TestGatewayOptions extends Surroundings {
  /** How each upstream answers; one that is not named answers 200 with an empty body. */
  readonly upstreams?: Readonly<Record<string, UpstreamHandler | Reply>>;
  /** What services answer that identities ask, by URL (with or without its query); one that is not named can't be reached. */
  readonly services?: Readonly<Record<string, ServiceHandler>>;
  /** The gateway's date at the start; 2026-01-01T00:00:00Z when left out. */
  readonly now?: Date | string;
  /** Hears of every step of every request. */
  readonly tracer?: GatewayHost["tracer"];
}

// Enough for whatever a test opens; the real one is a matter of the machine.
const DESCRIPTORS = 1_000_000;

/** Of how keys are spread in memory: the same each time, so that a test is. */
const SEED = 1;

/**
 * Starts the gateway that the configuration describes. Rejects with ConfigurationMistakes, and with BlueprintError when routes clash.
 * Addresses are places in memory: two gateways with the same ports don't meet. The access log is kept, wherever it should go.
 */
export async function createTestGateway(options: ConfigurationSource & TestGatewayOptions): Promise<TestGateway> {
  const wallMs = toWallMs(options.now);
  const config = await loadConfiguration(options, options, wallMs);
  const known = new Set(config.upstreams.map(({ name }) => name));
  const stranger = Object.keys(options.upstreams ?? {}).find((name) => !known.has(name));
  if (stranger !== undefined) throw new Error(`upstreams.${stranger}: the configuration has no upstream of this name`);
  const wiring = new Wiring(wallMs);
  const reachable = addHttp1(separateEndpoints(suitFakes(config)));
  const upstreams = new Map<string, FakeUpstream>();
  for (const { name, endpoints } of reachable.upstreams) {
    const upstream = new FakeUpstream(
      wiring,
      name,
      endpoints.map(({ address }) => address),
      options.upstreams?.[name],
    );
    await upstream.listen();
    upstreams.set(name, upstream);
  }
  const stores = createMemoryStores();
  const services = new FakeServices(wiring, options.services ?? {});
  const sink = new RecordingSink();
  const gateway = await createGateway(reachable, {
    transport: trustingTransport(wiring.network, wiring.handshakes),
    clock: wiring.clock,
    logSink: sink,
    descriptorLimit: DESCRIPTORS,
    calls: services,
    openStores: () => Promise.resolve({ ...stores, quotas: playQuotas(stores.quotas, wiring) }),
    // No server is asked for what gateways count together: this one is alone.
    sharedCounters: new LocalCounters({ clock: wiring.clock, seed: SEED }),
    onLimit: () => undefined,
    wrapIdentity: (identity, identityConfig) => playIdentity(identity, identityConfig, wiring),
    onIdentity: () => undefined,
    onBug: (error) => wiring.mishaps.push(error),
    ...(options.tracer !== undefined && { tracer: options.tracer }),
  });
  return new TestGateway(gateway, config, { wiring, upstreams, sink, services, stores });
}

function toWallMs(now: Date | string | undefined): number {
  const ms = new Date(now ?? "2026-01-01T00:00:00Z").getTime();
  if (Number.isNaN(ms)) throw new RangeError(`now must be a date such as "2026-01-01T00:00:00Z"; got ${String(now)}`);
  return ms;
}

/** The kit's clients speak HTTP/1.1, so that is spoken beside HTTP/2 everywhere: what a gateway does is the same over both. */
function addHttp1(config: GatewayConfig): GatewayConfig {
  if (config.listeners.every(({ protocols }) => protocols.includes("http/1.1"))) return config;
  const add = (listener: ListenerConfig): ListenerConfig =>
    listener.protocols.includes("http/1.1") ? listener : { ...listener, protocols: [...listener.protocols, "http/1.1"] };
  return { ...config, listeners: config.listeners.map(add) };
}

/**
 * The fakes speak HTTP/1.1, a request on a connection: so many as there would be streams. Nobody asks them whether they are well: a
 * test's upstream sees the test's requests and no others.
 */
function suitFakes(config: GatewayConfig): GatewayConfig {
  if (config.upstreams.every(({ protocol, health }) => protocol === "http/1.1" && health.active === null)) return config;
  const suit = (upstream: UpstreamConfig): UpstreamConfig => {
    const { protocol, pool } = upstream;
    const connections = protocol === "h2" ? pool.connections * pool.streams : pool.connections;
    return { ...upstream, protocol: "http/1.1", pool: { ...pool, connections }, health: { active: null } };
  };
  return { ...config, upstreams: config.upstreams.map(suit) };
}

/** An address that two upstreams share, or that a listener has, can't tell who is asked: the later ones get one of their own. */
function separateEndpoints(config: GatewayConfig): GatewayConfig {
  const taken = new Set(config.listeners.map(({ address }) => JSON.stringify(address)));
  if (config.admin !== null) taken.add(JSON.stringify(config.admin.address));
  const separate = (upstream: UpstreamConfig): UpstreamConfig => ({
    ...upstream,
    endpoints: upstream.endpoints.map((endpoint, index) => {
      const key = JSON.stringify(endpoint.address);
      if (!taken.has(key)) {
        taken.add(key);
        return endpoint;
      }
      return { ...endpoint, address: { path: `${upstream.name}/${index}` } };
    }),
  });
  const upstreams = config.upstreams.map(separate);
  return upstreams.every((upstream, i) => upstream.endpoints.every((endpoint, j) => endpoint === config.upstreams[i]?.endpoints[j]))
    ? config
    : { ...config, upstreams };
}
