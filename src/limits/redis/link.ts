// The way to a Redis or Valkey server, whichever way it is found: what exact and approximate counters ask through.

import type { Secret } from "../../base/index.ts";

/** A script that runs on the server, by its SHA-1 where the server knows it already. */
export interface LuaScript {
  readonly name: string;
  readonly text: string;
}

export interface RedisLink {
  /** False: whoever asks is refused at once. */
  readonly isUp: boolean;
  /** How often it came up. What the server forgot may have been forgotten between two. */
  readonly epoch: number;
  /** Settled when the first attempt to reach the server is over, whichever way; within two seconds. */
  readonly started: Promise<void>;
  /**
   * All `keys` have one hash tag. Rejects when the server can't be asked: nobody is waited for beyond the timeout, and while the link is down it
   * rejects at once.
   */
  run(script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
  close(): void;
}

/** Where the servers are. URLs are `redis://` or `rediss://`, with user, password and database where there are any. */
export type RedisPlace =
  | { readonly kind: "single"; readonly url: Secret }
  /** Any of its nodes, from which the others are found. */
  | { readonly kind: "cluster"; readonly urls: readonly Secret[] }
  /** `master` is the name that the sentinels know; `url` carries what the server itself asks for, null for nothing. */
  | { readonly kind: "sentinel"; readonly urls: readonly Secret[]; readonly master: string; readonly url: Secret | null };

export interface RedisLinkConfig {
  readonly place: RedisPlace;
  /** PEM of who signed the servers' certificates; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  /** For an answer; then the link counts as down. */
  readonly timeoutMs: number;
  /** Put before every key. */
  readonly prefix: string;
}

/** Keys are spread over so many hash tags, `{0}` to `{63}`: what one call asks of has one of them. */
export const HASH_TAGS = 64;
