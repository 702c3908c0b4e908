// A route that sends the client elsewhere, whatever the method. The answer has no body: every client reads Location.

import type { RedirectConfig } from "../../config/index.ts";
import { FIELD, Fields } from "../../http/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { NO_HOST } from "./faults.ts";
import { Location } from "./location.ts";

export function compileRedirect(config: RedirectConfig): Policy {
  const location = new Location(config);
  return {
    name: "redirect",
    phase: "answer",
    request(exchange) {
      const value = location.read(exchange);
      if (value === null) return exchange.answerFault(NO_HOST);
      const fields = new Fields("");
      fields.add(FIELD.LOCATION, value);
      return exchange.answer(config.status, fields, null);
    },
  };
}
