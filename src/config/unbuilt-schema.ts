// The parts of the language that not-built.ts refuses by name, as they will be written: editors and TypeScript know them already, so that
// what is written for them today is right when they come. Their values are never looked at.

import * as z from "zod";
import { choice, count, duration, fields, fullList, plainText, shapedText, text } from "./fields.ts";
import { parseFieldName } from "./header-text.ts";
import { parseName } from "./patterns.ts";

const path = (description: string) => plainText("a file's path", description);
const url = (description: string) => plainText("a URL", description);
const percent = (description: string) => shapedText(/^(?:100|[1-9]?[0-9](?:\.[0-9]+)?)%$/, "a share such as `5%`", description);
const time = (example: string, description: string) => duration({ example, off: false, max: "3650d" }, description);
const header = (description: string) => text(parseFieldName, "a header name such as `X-Api-Key`", description);
const name = (expects: string, description: string) => text(parseName, expects, description);

// ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const tracing = fields(
  {
    otlp: fields({ url: url("The collector.") }, "Where spans are sent."),
    sample: percent("How many requests are traced.").optional(),
    propagate: fullList(choice(["w3c", "b3"], "A form."), "Headers by which traces are carried on.").optional(),
  },
  "Spans of requests.",
);

// ── upstreams ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const otherBalance = z.union([
  choice(["leastRequest", "random"], "The one with the fewest requests of two, or any."),
  fields({ consistentHash: fields({ header: header("What is hashed.") }, "By what.") }, "Always the same for the same."),
]);
export const breaker = fields(
  {
    consecutiveFailures: count(1, 1_000_000, "Failures in a row.").optional(),
    errorRate: percent("The share of failures.").optional(),
    window: time("10s", "The time that they are counted in.").optional(),
    minimumRequests: count(1, 1_000_000, "Requests below which no share is judged.").optional(),
    cooldown: time("30s", "The time until it is tried again.").optional(),
  },
  "When to stop.",
);
export const passiveHealth = fields(
  {
    consecutive5xx: count(1, 1_000_000, "Errors in a row.").optional(),
    ejectFor: time("30s", "How long it is left alone.").optional(),
    maxEjected: percent("How many endpoints at most.").optional(),
  },
  "Looks at the answers.",
);

// ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const split = fullList(
  fields({ upstream: name("the name of an upstream", "An upstream."), weight: count(0, 1000, "Its share.").optional() }, "One share."),
  "Shares.",
);
export const retry = fields(
  {
    attempts: count(1, 10, "Attempts in all.").optional(),
    when: fullList(
      z.union([choice(["connect", "reset"], "A failure."), count(400, 599, "A status.")], { error: "`connect`, `reset` or a status" }),
      "What is tried again.",
    ).optional(),
    backoff: fields({ base: time("25ms", "The first wait."), max: time("250ms", "The longest.") }, "How long to wait.").optional(),
    perTry: time("3s", "Time for each attempt.").optional(),
    budget: percent("Further attempts, as a share of the requests.").optional(),
  },
  "Further attempts.",
);
export const hedge = fields(
  {
    after: shapedText(/^(?:p[0-9]{2}|[1-9][0-9]*(?:ms|s))$/, "`p95`, or a duration such as `50ms`", "When the second attempt begins."),
    budget: percent("Second attempts, as a share of the requests.").optional(),
  },
  "A second attempt.",
);
export const plugins = fullList(path("A module."), "Modules.");
