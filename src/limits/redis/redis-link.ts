// A link to Redis that knows whether it is up. One timer watches all that is asked: the first answer that is late takes the link down, all
// that waits is told so, and whoever asks from then on is told at once. A new client is tried each quarter of a second until one can write.

import { createHash } from "node:crypto";
import { type Clock, RingQueue, type ScheduledCall } from "../../base/index.ts";
import type { CountersWatcher } from "../counters.ts";
import { HASH_TAGS, type LuaScript, type RedisLink, type RedisLinkConfig } from "./link.ts";
import { createRedisClient, type RedisClient } from "./redis-client.ts";

export interface RedisLinkHost {
  readonly clock: Clock;
  readonly watcher: CountersWatcher;
  /** Default: the library's. */
  readonly createClient?: typeof createRedisClient;
}

const RETRY_MS = 250;
/** For connecting, logging in and one write on each part; then the next is tried. */
const ATTEMPT_MS = 1500;
/** For reading what has come already. */
const GRACE_MS = 1;
/** Of the library, where no connection was made in time. */
const CONNECT_TIMEOUT = "Connection timeout";
const STORE = "redis";
const MOST_DETAIL = 200;
/** Reasons that are told of one absence: nodes of a cluster fail each in its own words. */
const MOST_REASONS = 4;
/** It writes, so that a server that only reads, or has no memory left, isn't taken for one that serves. */
const PROBE: LuaScript = { name: "probe", text: `return redis.call("SET", KEYS[1], "1", "PX", 1000)` };

/** One call that waits for its answer. */
class Call {
  readonly dueMs: number;
  readonly reject: (error: unknown) => void;

  constructor(dueMs: number, reject: (error: unknown) => void) {
    this.dueMs = dueMs;
    this.reject = reject;
  }
}

class Link implements RedisLink {
  readonly started: Promise<void>;
  readonly #config: RedisLinkConfig;
  readonly #clock: Clock;
  readonly #watcher: CountersWatcher;
  readonly #createClient: typeof createRedisClient;
  readonly #digests = new Map<string, string>();
  readonly #secrets: readonly string[];
  /** In the order in which they are due. */
  readonly #waiting = new RingQueue<Call>();
  #onStarted: () => void = () => {};
  #client: RedisClient | null = null;
  #isUp = false;
  #isClosed = false;
  #epoch = 0;
  #told: "up" | "down" | null = null;
  /** A process that has just started has much else to do: its first connection may have been made while nobody looked. */
  #mayBeLate = true;
  readonly #reasons = new Set<string>();
  #why = "";
  #watch: ScheduledCall | null = null;
  #retry: ScheduledCall | null = null;
  #late: ScheduledCall | null = null;
  readonly #onDue = (): void => this.#checkDue();
  readonly #onRetry = (): void => void this.#attempt();

  constructor(config: RedisLinkConfig, host: RedisLinkHost) {
    this.#config = config;
    this.#clock = host.clock;
    this.#watcher = host.watcher;
    this.#createClient = host.createClient ?? createRedisClient;
    this.#secrets = secretsOf(config);
    this.started = new Promise((resolve) => {
      this.#onStarted = resolve;
    });
    void this.#attempt();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get epoch(): number {
    return this.#epoch;
  }

  run(script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const client = this.#client;
    if (!this.#isUp || client === null) return Promise.reject(new Error(`Redis is away: ${this.#why}`));
    return new Promise((resolve, reject) => {
      const ticket = this.#waiting.push(new Call(this.#clock.now() + this.#config.timeoutMs, reject));
      this.#watch ??= this.#clock.schedule(this.#onDue, this.#config.timeoutMs);
      this.#evaluate(client, script, keys, values).then(
        (answer) => {
          // A late one finds that everybody has gone.
          if (this.#waiting.remove(ticket)) resolve(answer);
        },
        (error: unknown) => {
          if (this.#client === client) this.#fall(error);
        },
      );
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#retry?.cancel();
    this.#drop(new Error("the link is closed"));
    this.#onStarted();
  }

  async #evaluate(client: RedisClient, script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const words = ["EVALSHA", this.#digestOf(script), String(keys.length)];
    for (const key of keys) words.push(key);
    for (const value of values) words.push(String(value));
    try {
      return await client.send(keys[0]!, words);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      // The server has been started again, or is another one. Sent whole, it is known from then on.
      words[0] = "EVAL";
      words[1] = script.text;
      return await client.send(keys[0]!, words);
    }
  }

  #digestOf({ text }: LuaScript): string {
    let digest = this.#digests.get(text);
    if (digest === undefined) {
      digest = createHash("sha1").update(text).digest("hex");
      this.#digests.set(text, digest);
    }
    return digest;
  }

  #checkDue(): void {
    this.#watch = null;
    const first = this.#waiting.peek();
    if (first === null) return;
    const lateMs = this.#clock.now() - first.dueMs;
    if (lateMs < 0) {
      this.#watch = this.#clock.schedule(this.#onDue, -lateMs);
      return;
    }
    // Where this process was busy itself, the answer may lie here unread: it is read before the next timer.
    const client = this.#client;
    this.#watch = this.#clock.schedule(() => {
      this.#watch = null;
      if (client !== this.#client) return;
      if (this.#waiting.peek() === first) this.#fall(new Error(`no answer within ${this.#config.timeoutMs} ms`));
      else this.#checkDue();
    }, GRACE_MS);
  }

  /** The client is of no use any more. */
  #fall(error: unknown): void {
    if (this.#isClosed || this.#client === null) return;
    const wasUp = this.#isUp;
    this.#isUp = false;
    this.#why = this.#describe(error);
    this.#drop(new Error(`Redis is away: ${this.#why}`));
    this.#tell("down", this.#why);
    this.#retry?.cancel();
    // A connection that has just been lost may be had again at once; one that fails as soon as it is there is not worth the hurry.
    this.#retry = this.#clock.schedule(this.#onRetry, wasUp || this.#isFirstLate(error) ? 0 : RETRY_MS);
  }

  #isFirstLate(error: unknown): boolean {
    return this.#mayBeLate && messageOf(error) === CONNECT_TIMEOUT;
  }

  #drop(error: Error): void {
    const client = this.#client;
    this.#client = null;
    this.#watch?.cancel();
    this.#watch = null;
    this.#late?.cancel();
    this.#late = null;
    try {
      client?.destroy();
    } catch {
      // It was closed already.
    }
    for (let call = this.#waiting.shift(); call !== null; call = this.#waiting.shift()) call.reject(error);
  }

  #tell(state: "up" | "down", detail: string): void {
    if (this.#told === state) {
      if (state === "down" && this.#isNewReason(detail)) this.#watcher.onReason?.(STORE, detail);
      return;
    }
    this.#told = state;
    this.#reasons.clear();
    this.#reasons.add(detail);
    this.#watcher.onStore(STORE, state, detail);
  }

  #isNewReason(detail: string): boolean {
    if (this.#reasons.has(detail) || this.#reasons.size >= MOST_REASONS) return false;
    this.#reasons.add(detail);
    return true;
  }

  async #attempt(): Promise<void> {
    this.#retry = null;
    if (this.#isClosed) return;
    let client: RedisClient;
    try {
      client = this.#createClient(this.#config, (error) => {
        if (this.#client === client) this.#fall(error);
      });
    } catch (error) {
      this.#why = this.#describe(error);
      this.#tell("down", this.#why);
      this.#onStarted();
      return;
    }
    this.#client = client;
    let isTriedAgain = false;
    this.#late = this.#clock.schedule(() => {
      if (this.#client === client) this.#fall(new Error(`no connection within ${ATTEMPT_MS} ms`));
      this.#onStarted();
    }, ATTEMPT_MS);
    try {
      await client.connect();
      await this.#probe(client);
      if (this.#client !== client || this.#isClosed) return;
      this.#isUp = true;
      this.#epoch++;
      this.#tell("up", "");
    } catch (error) {
      isTriedAgain = this.#isFirstLate(error);
      if (this.#client === client) this.#fall(error);
    } finally {
      if (this.#client === client) this.#late?.cancel();
      this.#mayBeLate = false;
      if (!isTriedAgain) this.#onStarted();
    }
  }

  async #probe(client: RedisClient): Promise<void> {
    const { place, prefix } = this.#config;
    const parts = place.kind === "cluster" ? HASH_TAGS : 1;
    const probes: Promise<unknown>[] = [];
    for (let tag = 0; tag < parts; tag++) probes.push(this.#evaluate(client, PROBE, [`${prefix}{${tag}}probe`], []));
    await Promise.all(probes);
  }

  /** In one short line, without what is secret. */
  #describe(error: unknown): string {
    let text = messageOf(error);
    for (const secret of this.#secrets) text = text.replaceAll(secret, "***");
    const line = text.replace(/\s+/g, " ").slice(0, MOST_DETAIL);
    return line + hintOf(this.#config, line);
  }
}

export function openRedisLink(config: RedisLinkConfig, host: RedisLinkHost): RedisLink {
  return new Link(config, host);
}

/** Where the library says less than it takes to mend it. */
function hintOf({ place }: RedisLinkConfig, line: string): string {
  if (place.kind === "cluster" && line.startsWith("All the root nodes"))
    return ": none of `cluster` can be reached, or they are no cluster";
  if (place.kind === "sentinel" && line.startsWith("no connection"))
    return ": no sentinel answers, none knows the master, or that can't be reached";
  const isTls = place.kind === "single" && place.url.reveal().startsWith("rediss:");
  return isTls && line === "Connection timeout" ? ": it may not speak TLS" : "";
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  const { code } = error as Error & { code?: unknown };
  if (error.message !== "") return error.message;
  return typeof code === "string" ? code : error.name;
}

/** Passwords of the URLs, as they are and as they are written there. */
function secretsOf({ place }: RedisLinkConfig): readonly string[] {
  const urls = place.kind === "single" ? [place.url] : [...place.urls];
  if (place.kind === "sentinel" && place.url !== null) urls.push(place.url);
  return urls.flatMap((url) => {
    const text = url.reveal();
    const written = URL.canParse(text) ? new URL(text).password : text;
    return [written, decode(written)].filter((secret) => secret !== "");
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
