// Fields by which browsers protect users, on every answer of a route, the gateway's own faults included. They replace what the
// upstream says of the same: one word, the operator's. Outside of every other response step, so that none is answered past it. @hot

import type { SecurityHeadersConfig } from "../../config/index.ts";
import { type FieldName, fieldName } from "../../http/index.ts";
import { CONTINUE, type Exchange, type Policy, type StepResult } from "../../pipeline/index.ts";

const STRICT_TRANSPORT_SECURITY = fieldName("Strict-Transport-Security");

class SecurityHeaders {
  readonly #names: readonly FieldName[];
  readonly #values: readonly string[];
  readonly #hsts: string | null;

  constructor(config: SecurityHeadersConfig) {
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    this.#names = config.fields.map(([name]) => fieldName(name));
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    this.#values = config.fields.map(([, value]) => value);
    this.#hsts = config.hsts;
  }

  onResponse(exchange: Exchange): StepResult {
    const { fields } = exchange.response!;
    for (let i = 0; i < this.#names.length; i++) fields.set(this.#names[i]!, this.#values[i]!);
    if (this.#hsts === null) return CONTINUE;
    fields.remove(STRICT_TRANSPORT_SECURITY);
    // RFC 6797 7.2: never over a connection that anybody may have changed. Behind a trusted proxy its word tells which it was.
    if (exchange.clientScheme === "https") fields.add(STRICT_TRANSPORT_SECURITY, this.#hsts);
    return CONTINUE;
  }
}

/** Null when there is nothing to say. */
export function compileSecurityHeaders(config: SecurityHeadersConfig | null): Policy | null {
  if (config === null || (config.hsts === null && config.fields.length === 0)) return null;
  const headers = new SecurityHeaders(config);
  // hot-exception: once a route, round-trip.bench.ts
  return { name: "security-headers", phase: "route", response: (exchange) => headers.onResponse(exchange) };
}
