// Where sources of keys are tried: an issuer that is only documents, whose keys, outages and nonsense a test decides, and a clock that it
// moves.

import { generateKeyPairSync } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { FakeClock, TimerWheel } from "../../base/index.ts";
import { createDocuments, FakeCalls, textAnswer } from "../../calls/index.ts";
import type { JwtIdentity } from "../../config/index.ts";
import type { KeySource } from "./index.ts";
import { createKeySource } from "./index.ts";

export const ISSUER = "https://id.example.com";
export const KEYS_URL = "https://id.example.com/keys";
export const DISCOVERY_URL = "https://id.example.com/.well-known/openid-configuration";

export interface Jwk {
  readonly kid?: string;
  readonly [member: string]: unknown;
}

/** P-256: made in a millisecond. */
export function createJwk(kid: string | null, more: Readonly<Record<string, unknown>> = {}): Jwk {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...publicKey.export({ format: "jwk" }), ...(kid !== null && { kid }), use: "sig", ...more };
}

export type Jwks = JwtIdentity["jwks"];

const JWKS: Jwks = { source: { kind: "url", url: KEYS_URL }, cacheForMs: 300_000, graceMs: 600_000, ca: null };

export class IssuerStage {
  readonly clock = new FakeClock(5_000);
  readonly wheel = new TimerWheel(this.clock);
  readonly calls = new FakeCalls();
  readonly documents = createDocuments(this.calls, this.clock);
  readonly asked: { readonly what: string; readonly isGood: boolean; readonly detail: string }[] = [];

  publish(...keys: readonly Jwk[]): void {
    this.calls.replyJson(KEYS_URL, { keys });
  }

  publishText(text: string): void {
    this.calls.reply(KEYS_URL, textAnswer(text));
  }

  discover(document: unknown): void {
    this.calls.replyJson(DISCOVERY_URL, document);
  }

  /** A source that has had the time to read; `random` is 0.5 where the test does not say. */
  async open(jwks: Partial<Jwks> = {}, issuer = ISSUER, random = 0.5): Promise<KeySource> {
    const { clock, documents, wheel } = this;
    const watcher = {
      onAsked: (_identity: string, what: string, isGood: boolean, detail: string) => void this.asked.push({ what, isGood, detail }),
      onLookup: () => undefined,
    };
    const source = createKeySource("users", issuer, { ...JWKS, ...jwks }, { clock, documents, watcher, wheel }, () => random);
    await settle();
    return source;
  }

  get fetches(): number {
    return this.calls.count(KEYS_URL);
  }

  get failures(): readonly string[] {
    return this.asked.filter(({ isGood }) => !isGood).map(({ detail }) => detail);
  }

  /** In steps of a second, so that what time causes can cause more. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.clock.advance(Math.min(left, 1_000));
      await settle();
    }
  }
}

/** Lets happen all that waits for no clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await setImmediate();
}

export function kidsOf(source: KeySource): readonly (string | null)[] {
  return source.find(null).map(({ kid }) => kid);
}
