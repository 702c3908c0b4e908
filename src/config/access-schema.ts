// What can be written of who may use a route: the identities that are asked, and what the principal must be allowed.

import * as z from "zod";
import { CIDR_EXPECTATION, parseProxyBlock } from "./addresses.ts";
import { choice, count, duration, fields, flag, fullList, list, mapOf, only, plainText, text } from "./fields.ts";
import { FIELD_NAME_EXPECTATION, parseFieldName } from "./header-text.ts";
import {
  parseServiceUrl,
  parseTimeOfDay,
  parseZone,
  SERVICE_URL_EXPECTATION,
  TIME_EXPECTATION,
  ZONE_EXPECTATION,
} from "./identity-values.ts";
import { parseName } from "./patterns.ts";
import { Refusal } from "./refusal.ts";
import { parseTemplate } from "./templates.ts";

export const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

const path = (description: string) => plainText("a file's path", description);
const word = (description: string) => plainText("text", description);
const identityName = text(parseName, "the name of an identity", "An identity.");
const identityNames = fullList(identityName, "Identities, in the order in which they are asked.");

export const auth = z
  .union(
    [
      identityNames,
      fields(
        {
          anyOf: identityNames,
          optional: flag("Whether a caller without any credential is let through as nobody.").optional(),
        },
        "Identities, and whether one is needed.",
      ),
    ],
    { error: "a list of identities, or a map with `anyOf`" },
  )
  .meta({ description: "Identities that may use this route; the first whose credential is present decides." });

// ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const claimValue = z.union([word("A value, or `present`."), z.number({ error: "a number" }), z.boolean({ error: "`true` or `false`" })], {
  error: "text, a number, `true` or `false`",
});
const claim = z
  .union([claimValue, fullList(claimValue, "The values that will do.")], { error: "`present`, a value, or a list of values" })
  .meta({
    description: "What the claim must be: `present`, a value, or a list of values; of a claim that is a list, one of them is asked for.",
  });

const timeOfDay = (description: string) => text(parseTimeOfDay, TIME_EXPECTATION, description);
const times = fields(
  {
    days: fullList(choice(DAYS, "A day."), "Days on which it begins; every day when left out.").optional(),
    start: timeOfDay("When it begins.").prefault("00:00"),
    end: timeOfDay("When it ends; on the next day where that is not after `start`.").prefault("24:00"),
    zone: text(parseZone, ZONE_EXPECTATION, "Whose clock.").prefault("UTC"),
  },
  "A part of the day.",
);

const conditions = {
  scopes: fullList(word("A scope."), "Scopes that the caller must have, all of them.").optional(),
  roles: fullList(word("A role."), "Roles of which it must have one.").optional(),
  claims: mapOf(word("A claim; a dot leads into a claim that is a map."), claim, "a map of claims", "Claims that it must have.").optional(),
  from: fullList(text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."), "Where the client's address must lie.").optional(),
  times: fullList(times, "When; one of these must be now.").optional(),
};

/** Written out level by level: a schema that holds itself costs zod twice the time, and editors know a depth. */
const innermost = fields(conditions, "A rule; all that it says must hold.");
const nested = fields(
  {
    ...conditions,
    anyOf: fullList(innermost, "Rules of which one must hold.").optional(),
    allOf: fullList(innermost, "Rules that must all hold.").optional(),
    not: innermost.optional().meta({ description: "A rule that must not hold." }),
  },
  "A rule; all that it says must hold. The rules within it hold no others.",
);

// ── policies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const cedar = fields(
  {
    policies: fullList(path("A file."), "Files with policies; read when the configuration is loaded."),
    entities: path("A file with entities, as JSON.").optional(),
    schema: path("A file with the schema, by which policies and entities are checked.").optional(),
    action: text(
      (written) => {
        const template = parseTemplate(written);
        return template instanceof Refusal ? template : written;
      },
      "an action such as `read` or `${request:method}`",
      "The id of the action, in which `${request:…}` stands for facts of the request; its method when left out.",
    ).optional(),
  },
  "Cedar policies; what none permits is refused.",
);

const opa = fields(
  {
    url: text(parseServiceUrl, SERVICE_URL_EXPECTATION, "Of a decision: `http://127.0.0.1:8181/v1/data/gateway/allow`."),
    timeout: duration({ example: "1s", off: false, max: "1m" }, "Time for a decision; 503 beyond.").prefault("1s"),
    cacheFor: duration({ example: "5s", off: true, max: "1h" }, "How long a decision holds for the same question.").prefault("off"),
    cache: fields(
      { answers: count(1, 1_000_000, "The most decisions of one worker.").default(10_000) },
      "How many decisions are remembered.",
    ).prefault({}),
    sendHeaders: list(
      text(parseFieldName, FIELD_NAME_EXPECTATION, "A header."),
      "Headers of the request that the policy is shown.",
    ).prefault([]),
    ca: path("Who signed the service's certificate, as PEM; without it the authorities that the runtime ships.").optional(),
  },
  "An Open Policy Agent that decides.",
);

export const authorize = fields(
  {
    ...conditions,
    anyOf: fullList(nested, "Rules of which one must hold.").optional(),
    allOf: fullList(nested, "Rules that must all hold.").optional(),
    not: nested.optional().meta({ description: "A rule that must not hold." }),
    cedar: cedar.optional(),
    opa: opa.optional(),
  },
  "What the caller must be allowed; all that stands here must hold, and what does not is 403. Needs `auth`.",
);

export const forwardCredential = flag(
  "Whether the upstream sees the credentials that the gateway judged; without it they end here.",
).default(false);

export const publishKeys = only(true, "`/.well-known/jwks.json` has the public keys of internal tokens here.");
