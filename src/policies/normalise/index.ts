// Brings the request target into the one spelling that is routed, authorised and sent. What can't be read in one way only is refused.

import { ASTERISK_FORM, checkAuthority, FIELD, Fields, type PathRules, parseHost, parseTarget, Target } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

const target = new Target();

/** What `OPTIONS *` is answered: the gateway as a whole takes any method; routes narrow it (RFC 9110 9.3.7). */
const ALLOW_ANY = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

export function normalise(rules: PathRules): Policy {
  return {
    name: "normalise",
    phase: "normalise",
    request(exchange) {
      const head = exchange.head;
      const fault = parseTarget(head.target, head.method, rules, target);
      if (fault !== null) return exchange.answerFault(fault);
      if (target.authority !== "") {
        const host = head.authority === "" ? null : parseHost(head.authority);
        const mismatch = host !== null && "kind" in host ? host : checkAuthority(target, host);
        if (mismatch !== null) return exchange.answerFault(mismatch);
      }
      if (target.form === ASTERISK_FORM) {
        const fields = new Fields("");
        fields.add(FIELD.ALLOW, ALLOW_ANY);
        return exchange.answer(204, fields, null);
      }
      head.path = target.path;
      head.query = target.query;
      return CONTINUE;
    },
  };
}
