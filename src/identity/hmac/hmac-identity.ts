// HTTP message signatures (RFC 9421). The library takes the two fields apart and puts the signature base together; which key, which
// components with which values, and what time says of it is judged here. One signature decides: the one by a key that we know. Two of them
// would leave open who it is that calls, so that is refused.

import type { KeyObject } from "node:crypto";
import type { httpbis } from "http-message-signatures";
import type { Clock, Fault } from "../../base/index.ts";
import { type HmacIdentity, type HmacKey, readSignatureKey } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import { type Exchange, Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, EXPIRED, UNAVAILABLE } from "../faults.ts";
import type { Identity, IdentityHost, Outcome } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { DIGEST_POLICIES, holdBodyTo, isDigestOf, readDigests } from "./content-digest.ts";
import { SeenNonces } from "./seen-nonces.ts";
import { isSignedBy } from "./signature-check.ts";
import { Refused, readReceived, SignedComponents } from "./signed-components.ts";

const SIGNATURE = fieldName("Signature");
const SIGNATURE_INPUT = fieldName("Signature-Input");
/** Of clocks that are ahead of ours. */
const AHEAD_MS = 30_000;
const MOST_CHARACTERS = 8192;
const MOST_NONCE = 256;
const DIGEST = "content-digest";
const NOTHING = new Uint8Array(0);

interface KnownKey {
  readonly id: string;
  readonly algorithm: HmacKey["algorithm"];
  readonly key: KeyObject;
  readonly principal: Principal;
}

/** What a signature says of itself, as the library gives it. */
type Said = Parameters<Parameters<typeof httpbis.verifyMessage>[0]["keyLookup"]>[0];

/** Throws when a key can't be used: the schema has checked them. */
export function createHmacIdentity(config: HmacIdentity, host: IdentityHost): Identity {
  return new Signatures(config, host.clock);
}

class Signatures implements Identity {
  readonly name: string;
  readonly source = "hmac";
  readonly carriers = { fields: [SIGNATURE, SIGNATURE_INPUT], cookies: [], parameters: [] };
  readonly challenge = null;
  readonly routePolicies = DIGEST_POLICIES;
  readonly #clock: Clock;
  readonly #keys = new Map<string, KnownKey>();
  readonly #required: readonly string[];
  readonly #maxAgeMs: number;
  readonly #nonces: SeenNonces | null;
  /** Loaded when the first signature comes. */
  #library: Promise<typeof httpbis> | null = null;

  constructor(config: HmacIdentity, clock: Clock) {
    this.name = config.name;
    this.#clock = clock;
    this.#required = config.components.map((component) => component.toLowerCase()).filter((component) => component !== DIGEST);
    this.#maxAgeMs = config.maxAgeMs;
    this.#nonces = config.requireNonce ? new SeenNonces(clock, config.maxAgeMs + AHEAD_MS) : null;
    const maker = new PrincipalMaker(config);
    for (const key of config.keys) this.#keys.set(key.id, toKnownKey(key, maker));
  }

  identify(exchange: Exchange): Outcome {
    const { fields } = exchange.head;
    if (!fields.has(SIGNATURE) && !fields.has(SIGNATURE_INPUT)) return null;
    const input = readReceived(fields, SIGNATURE_INPUT.lower);
    const signature = readReceived(fields, SIGNATURE.lower);
    if (input === null || signature === null) return this.#refuse("there is one of Signature and Signature-Input without the other");
    if (input.length > MOST_CHARACTERS || signature.length > MOST_CHARACTERS) return this.#refuse("it is too long");
    return this.#verify(exchange, input, signature);
  }

  close(): void {}

  async #verify(exchange: Exchange, input: string, signature: string): Promise<Principal | Fault> {
    const components = new SignedComponents(exchange);
    let chosen: KnownKey | null = null;
    let nonce = "";
    let late: Fault | null = null;
    try {
      this.#library ??= import("http-message-signatures").then((library) => library.httpbis);
      const { verifyMessage } = await this.#library;
      const isGood = await verifyMessage(
        {
          keyLookup: async (said) => {
            const known = typeof said.keyid === "string" ? this.#keys.get(said.keyid) : undefined;
            if (known === undefined) return null;
            if (chosen !== null) throw new Refused("there are two by keys that are known");
            chosen = known;
            late = this.#judgeTime(said);
            nonce = this.#judgeParameters(said, known);
            return { id: known.id, verify: async (data, bytes) => isSignedBy(known.key, known.algorithm, data, bytes) };
          },
          componentParser: (name, parameters) => [components.read(name, parameters)],
          // Time is judged above, by the clock that the gateway has.
          tolerance: Number.POSITIVE_INFINITY,
        },
        { method: exchange.head.method, url: "/", headers: { signature, "signature-input": input } },
      );
      if (isGood !== true) return this.#refuse(chosen === null ? "no key has its `keyid`" : "it is not by that key, or of another request");
    } catch (error) {
      return this.#refuse(error instanceof Refused ? error.message : "it can't be read");
    }
    const known = chosen as KnownKey | null;
    if (known === null) return this.#refuse("no key has its `keyid`");
    return late ?? this.#judgeCover(exchange, components.names) ?? this.#takeNonce(known, nonce) ?? known.principal;
  }

  /** Null: it is neither too old nor of the future. */
  #judgeTime({ created, expires }: Said): Fault | null {
    const createdMs = created instanceof Date ? created.getTime() : Number.NaN;
    const expiresMs = expires === undefined ? Number.POSITIVE_INFINITY : Number(expires) * 1000;
    if (!Number.isFinite(createdMs) || Number.isNaN(expiresMs)) throw new Refused("it does not say when it was `created`, or `expires`");
    const nowMs = this.#clock.wall();
    if (createdMs > nowMs + AHEAD_MS) throw new Refused("it was `created` in the future: one of the two clocks is wrong");
    if (nowMs - createdMs > this.#maxAgeMs) return EXPIRED.with(`${this.name}: it was \`created\` too long ago`);
    return nowMs >= expiresMs ? EXPIRED.with(`${this.name}: it has \`expires\` behind it`) : null;
  }

  /** The nonce, or nothing where none is asked for. */
  #judgeParameters({ alg, nonce }: Said, { algorithm }: KnownKey): string {
    if (alg !== undefined && alg !== algorithm) throw new Refused("its `alg` is not that of the key");
    if (this.#nonces === null) return "";
    if (typeof nonce !== "string" || nonce === "") throw new Refused("it has no `nonce`");
    if (nonce.length > MOST_NONCE) throw new Refused("its `nonce` is too long");
    return nonce;
  }

  /** What must be covered is; and a body has to be the one that was signed, by a digest of it that is covered. Null: so far it is good. */
  #judgeCover(exchange: Exchange, covered: ReadonlySet<string>): Fault | null {
    const hasBody = exchange.head.bodyLength !== 0;
    const missing = this.#required.find((name) => !covered.has(name)) ?? (hasBody && !covered.has(DIGEST) ? DIGEST : undefined);
    if (missing !== undefined) return this.#refuse(`it does not cover \`${missing}\``);
    if (!covered.has(DIGEST)) return null;
    try {
      const digests = readDigests(readReceived(exchange.head.fields, DIGEST) ?? "");
      if (hasBody) holdBodyTo(exchange, { identity: this.name, digests });
      else if (!isDigestOf(digests, NOTHING)) return this.#refuse("its Content-Digest is of a body, and there is none");
      return null;
    } catch (error) {
      return this.#refuse(error instanceof Refused ? error.message : "its Content-Digest can't be read");
    }
  }

  #takeNonce({ id }: KnownKey, nonce: string): Fault | null {
    const taken = this.#nonces === null ? "new" : this.#nonces.take(id, nonce);
    if (taken === "seen") return this.#refuse("its `nonce` has been seen");
    return taken === "full" ? UNAVAILABLE.with(`${this.name}: more nonces came than are remembered`) : null;
  }

  #refuse(why: string): Fault {
    return BAD_CREDENTIAL.with(`${this.name}: of the signature: ${why}`);
  }
}

function toKnownKey({ id, algorithm, key, owner, tenant, roles, scopes }: HmacKey, maker: PrincipalMaker): KnownKey {
  const read = readSignatureKey(algorithm, key.reveal());
  if (typeof read === "string") throw new Error(`the key ${id}: ${read}`);
  const claims = { owner, key: id, ...(tenant !== null && { tenant }), roles, scopes };
  const principal = maker.make(claims, { expiresAtMs: null });
  if (!(principal instanceof Principal)) throw new Error(`the key ${id}: ${principal}`);
  return { id, algorithm, key: read, principal };
}
