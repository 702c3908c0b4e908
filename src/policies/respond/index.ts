// A route that answers by itself, the same to everybody: status, content type and body were read with the configuration.

import type { RespondConfig } from "../../config/index.ts";
import { FIELD, Fields, isBodiless } from "../../http/index.ts";
import type { Policy } from "../../pipeline/index.ts";

const RESET_CONTENT = 205;

export function compileRespond(config: RespondConfig): Policy {
  const { status, contentType } = config;
  // RFC 9110 15.3.6: a 205 has no content either, though its framing says so like any other's.
  const hasBody = config.body.length > 0 && !isBodiless("GET", status) && status !== RESET_CONTENT;
  const body = hasBody ? config.body : null;
  return {
    name: "respond",
    phase: "answer",
    request(exchange) {
      const fields = new Fields("");
      if (body !== null) fields.add(FIELD.CONTENT_TYPE, contentType);
      return exchange.answer(status, fields, body);
    },
  };
}
