// Small values sealed for the gateway itself to open again: encrypted, whole, for one purpose and until an end that is sealed in with them.
// JWE with a direct key (RFC 7516, A256GCM). Each purpose has keys of its own, derived from the gateway's (RFC 5869), so that what was sealed
// for one thing or one identity opens for no other. The newest key seals and all of them open, which is how they are rotated.

import { Buffer } from "node:buffer";
import { createHash, hkdfSync } from "node:crypto";

/** A word of a fixed few. */
export type SealPurpose = "session" | "login" | "signing-key";

export interface SealOptions {
  /** The newest first, 32 bytes each; may reject, when they can't be had. */
  readonly keys: () => Promise<readonly Uint8Array[]>;
  /** What else sealed texts are bound to: an identity, its issuer. */
  readonly context: readonly string[];
  readonly wallMs: () => number;
  /** Of a sealed text: a longer one is neither made nor opened. */
  readonly maxLength: number;
}

interface DerivedKey {
  readonly id: string;
  readonly bytes: Uint8Array;
}

/** What a sealed text is when it is ours and its end has come. */
export const OVER = Symbol("over");

const LABEL = "sallyport seal 1";
/** Five parts of base64url, of which the second, an encrypted key, is empty. */
const COMPACT = /^[\w-]+\.\.[\w-]+\.[\w-]*\.[\w-]+$/;

export class Seal {
  readonly #options: SealOptions;
  /** Of the list of keys that was last given. */
  #derivedFrom: readonly Uint8Array[] | null = null;
  readonly #derived = new Map<SealPurpose, readonly DerivedKey[]>();

  constructor(options: SealOptions) {
    this.#options = options;
  }

  /** Null when it would be too long. Rejects when there are no keys. */
  async seal(purpose: SealPurpose, value: unknown, endsAtMs: number): Promise<string | null> {
    const [key] = await this.#keysFor(purpose);
    if (key === undefined) throw new Error("there is no key to seal with");
    const { CompactEncrypt } = await import("jose");
    const text = new TextEncoder().encode(JSON.stringify({ value, endsAtMs }));
    if (text.length > this.#options.maxLength) return null;
    const sealed = await new CompactEncrypt(text).setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: key.id }).encrypt(key.bytes);
    return sealed.length > this.#options.maxLength ? null : sealed;
  }

  /** What was sealed; undefined for a text of other keys or another purpose and one that was changed, OVER for an old one. Rejects when there are no keys. */
  async open(purpose: SealPurpose, sealed: string): Promise<unknown> {
    if (sealed.length > this.#options.maxLength || !COMPACT.test(sealed)) return undefined;
    const keys = await this.#keysFor(purpose);
    const { compactDecrypt } = await import("jose");
    try {
      const { plaintext } = await compactDecrypt(sealed, ({ kid }) => findKey(keys, kid), {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      const { value, endsAtMs } = JSON.parse(new TextDecoder().decode(plaintext)) as { value: unknown; endsAtMs: number };
      return endsAtMs > this.#options.wallMs() ? value : OVER;
    } catch {
      return undefined;
    }
  }

  async #keysFor(purpose: SealPurpose): Promise<readonly DerivedKey[]> {
    const keys = await this.#options.keys();
    if (keys !== this.#derivedFrom) {
      this.#derivedFrom = keys;
      this.#derived.clear();
    }
    let derived = this.#derived.get(purpose);
    if (derived === undefined) {
      // As JSON, so that no two lists of texts come to the same.
      const info = JSON.stringify([LABEL, purpose, ...this.#options.context]);
      derived = keys.map((key) => derive(key, info));
      this.#derived.set(purpose, derived);
    }
    return derived;
  }
}

function derive(key: Uint8Array, context: string): DerivedKey {
  // The context may be longer than the 1024 bytes that `info` takes.
  const info = createHash("sha256").update(context).digest();
  const bytes = new Uint8Array(hkdfSync("sha256", key, Buffer.alloc(0), info, 32));
  const id = createHash("sha256").update(LABEL).update(bytes).digest("base64url").slice(0, 8);
  return { id, bytes };
}

function findKey(keys: readonly DerivedKey[], id: string | undefined): Uint8Array {
  const key = keys.find((each) => each.id === id);
  if (key === undefined) throw new Error("sealed by no key of ours");
  return key.bytes;
}
