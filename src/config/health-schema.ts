// What can be written of an upstream's health.

import * as z from "zod";
import { count, duration, fields, notBuilt, shapedText } from "./fields.ts";
import { passiveHealth } from "./unbuilt-schema.ts";

// Of an interval, and of a time within it.
export const CHECK_INTERVAL = { example: "5s", off: false, max: "1h" } as const;
export const CHECK_TIMEOUT = { example: "1s", off: false, max: "1h" } as const;
export const DEFAULT_INTERVAL = "5s";
export const DEFAULT_TIMEOUT = "1s";

const active = fields(
  {
    path: shapedText(
      /^\/[!"$-~]*$/,
      "a path such as `/healthz`, in visible ASCII",
      "What is asked for, by GET: an endpoint is well that answers 2xx. One of `path` and `grpc`.",
    ).optional(),
    grpc: fields(
      {
        service: z
          .string({ error: "a service's name as text" })
          .max(256, { error: "a service's name of 256 characters at most" })
          .default("")
          .meta({ description: "The service, such as `ledger.v1.Ledger`; left out or empty: the whole server.", takes: "text" }),
      },
      "Asks by `grpc.health.v1.Health/Check`: an endpoint is well that says SERVING. Needs `protocol: h2`.",
    ).optional(),
    interval: duration(CHECK_INTERVAL, "How often, from the beginning of one check to that of the next.").prefault(DEFAULT_INTERVAL),
    timeout: duration(CHECK_TIMEOUT, "Time for the answer, the connection included; within `interval`.").prefault(DEFAULT_TIMEOUT),
    healthyAfter: count(1, 100, "Good answers in a row that bring an endpoint back.").default(2),
    unhealthyAfter: count(1, 100, "Bad ones, or none, in a row that take it out.").default(3),
  },
  "Asks each endpoint. One that is not well gets no new requests, as long as another is.",
);

export const health = fields(
  {
    active: active.optional(),
    passive: notBuilt(passiveHealth, "Looks at the answers to requests.").optional(),
  },
  "How an endpoint is seen to be well.",
);
