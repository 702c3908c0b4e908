// Answers to an authority that wants to see that we hold a name (RFC 8555 8.3, RFC 8737). Who asks for certificates is elsewhere, and one a
// gateway; each worker has what there is to answer, for as long as an order is under way. @hot

import { Buffer } from "node:buffer";
import { FIELD, Fields } from "../http/index.ts";
import { CONTINUE, httpDate, type Policy } from "../pipeline/index.ts";
import type { TlsIdentity } from "../transport/index.ts";

const PREFIX = "/.well-known/acme-challenge/";

/** What is to be answered now. Everything that is not in it is not. */
export interface Challenges {
  /** Key authorisations by token. */
  readonly http: Readonly<Record<string, string>>;
  /** Certificates of acme-tls/1, by name in lower case. */
  readonly tls: Readonly<Record<string, { readonly cert: string; readonly key: string }>>;
}

export class AcmeChallenges {
  readonly #http = new Map<string, string>();
  readonly #tls = new Map<string, TlsIdentity>();

  /** In place of all that was there. */
  set({ http, tls }: Challenges): void {
    this.#http.clear();
    this.#tls.clear();
    const tokens = Object.keys(http);
    for (let i = 0; i < tokens.length; i++) this.#http.set(tokens[i]!, http[tokens[i]!]!);
    const names = Object.keys(tls);
    for (let i = 0; i < names.length; i++)
      this.#tls.set(names[i]!, { cert: tls[names[i]!]!.cert, key: tls[names[i]!]!.key, clientAuth: null });
  }

  identityOf(serverName: string): TlsIdentity | null {
    return this.#tls.get(serverName) ?? null;
  }

  /** Null while there is nothing to answer. */
  answerTo(path: string): string | null {
    return this.#http.size === 0 || !path.startsWith(PREFIX) ? null : (this.#http.get(path.slice(PREFIX.length)) ?? null);
  }
}

/** Before routing: no route of ours may keep an authority from its answer, and none needs to know of it. */
export function answerChallenges(challenges: AcmeChallenges): Policy {
  return {
    name: "acme-challenge",
    phase: "guard",
    // hot-exception: once a listener, round-trip.bench.ts
    request: (exchange) => {
      const text = challenges.answerTo(exchange.head.path);
      if (text === null) return CONTINUE;
      const fields = new Fields("");
      fields.add(FIELD.DATE, httpDate(exchange.runtime.clock.wall()));
      fields.add(FIELD.CONTENT_TYPE, "application/octet-stream");
      fields.add(FIELD.CACHE_CONTROL, "no-store");
      return exchange.answer(200, fields, Buffer.from(text));
    },
  };
}
