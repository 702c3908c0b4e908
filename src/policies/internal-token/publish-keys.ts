// Shows the public keys of internal tokens on a listener: GET /.well-known/jwks.json, before any route. Nothing in it is secret.

import { Buffer } from "node:buffer";
import { FIELD, Fields } from "../../http/index.ts";
import { AUTH } from "../../identity/index.ts";
import type { PublishedKeys } from "../../identity/internal-keys/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

export const KEYS_PATH = "/.well-known/jwks.json";

/** A policy of the listener. */
export function publishKeys(keys: PublishedKeys): Policy {
  return {
    name: "publish-keys",
    phase: "guard",
    request(exchange) {
      const { method, path } = exchange.head;
      if (path !== KEYS_PATH || (method !== "GET" && method !== "HEAD")) return CONTINUE;
      const text = keys.publicJwks();
      // An empty set would have verifiers forget the keys that they have.
      if (text === null) return exchange.answerFault(AUTH.UNAVAILABLE.with("the keys of internal tokens could not be read yet"));
      const fields = new Fields("");
      fields.add(FIELD.CONTENT_TYPE, "application/json");
      fields.add(FIELD.CACHE_CONTROL, `public, max-age=${keys.cacheForSeconds}`);
      return exchange.answer(200, fields, Buffer.from(text));
    },
  };
}
