// What some parts of a route say when they differ: maintenance, lifecycle, errors, rewriting. The route itself is compare-route.ts.

import type {
  ErrorsConfig,
  LifecycleConfig,
  MaintenanceConfig,
  QueryEdits,
  RewriteConfig,
  ValueTemplate,
  WebSocketConfig,
} from "../../config/index.ts";
import { comparePairs, type Pairs } from "./compare-headers.ts";
import { type Comparer, compareFields, compareSets, fields, ladder, limit, optional, plain, set, text } from "./comparers.ts";
import { coversNetwork } from "./covers.ts";
import { toCount, toDate, toDuration, toList, toPath, toSeconds, toSize, toText } from "./words.ts";

const same = (item: string) => item;

export const maintenance: Comparer<MaintenanceConfig | null> = optional(
  (_value, say) => say.that(false, "closes for maintenance", "close for maintenance"),
  (_value, say) => say.that(true, "opens again: maintenance ends", "open again after maintenance"),
  fields<MaintenanceConfig>({
    retryAfterSeconds: plain("Retry-After in maintenance", toSeconds),
    allowFrom: set({
      more: true,
      gains: ["lets more clients in during maintenance:", "let more clients in during maintenance"],
      loses: ["lets fewer clients in during maintenance:", "let fewer clients in during maintenance"],
      show: same,
      covers: coversNetwork,
    }),
    message: text("message in maintenance"),
  }),
);

/** When requests begin to be refused. */
const endOf = (dates: LifecycleConfig | null) =>
  dates?.afterSunset === "gone" ? (dates.sunsetMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;

export const lifecycle: Comparer<LifecycleConfig | null> = (before, after, say) => {
  const [old, now] = [endOf(before), endOf(after)];
  const hasMoved = old !== now;
  if (hasMoved) {
    const when = (end: number) => (end === Number.POSITIVE_INFINITY ? "for good" : `until ${toDate(end)}`);
    say.that(now > old, `answers ${when(now)}, once ${when(old)}`, now > old ? "are served for longer" : "are served for a shorter time");
  }
  if (before === null || after === null) {
    say.that(
      null,
      after === null
        ? "is no longer marked as deprecated or ending"
        : `is marked: deprecated ${toDate(after.deprecatedMs)}, sunset ${toDate(after.sunsetMs)}`,
      "have another lifecycle",
    );
    return;
  }
  compareFields(
    before,
    after,
    {
      deprecatedMs: plain("date of deprecation", toDate),
      sunsetMs: (was, is, inner) => hasMoved || plain("date of sunset", toDate)(was, is, inner),
      link: text("link about its lifecycle"),
      afterSunset: (was, is, inner) => hasMoved || ladder("care for a sunset that has passed", ["gone", "serve"])(was, is, inner),
    },
    say,
  );
};

export const errors: Comparer<ErrorsConfig> = fields<ErrorsConfig>({
  upstream: ladder("care for errors of upstreams", ["problem", "keep"]),
  read: plain("reading of its upstream's errors", (value) =>
    value === null ? "off" : toList([`title ${toText(value.title)}`, `detail ${toText(value.detail)}`, `code ${toText(value.code)}`]),
  ),
  status: plain("mapping of error statuses", (value) =>
    value.length === 0 ? "none" : toList(value.map(([from, to]) => `${from} to ${to}`)),
  ),
  typeBase: text("base of error types"),
});

export const webSocket: Comparer<WebSocketConfig | null> = optional(
  (_value, say) => say.that(true, "takes WebSockets", "take WebSockets"),
  (_value, say) => say.that(false, "no longer takes WebSockets", "no longer take WebSockets"),
  fields<WebSocketConfig>({
    idleMs: (before, after, say) => {
      // What its listeners have may be more or less.
      const show = (value: number | null | undefined) => (value === undefined ? "the listener's" : toDuration(value));
      if (before === undefined || after === undefined) plain("idle timeout of WebSockets", show)(before, after, say);
      else limit("idle timeout of WebSockets", toDuration)(before, after, say);
    },
    messageBytes: limit("bound of WebSocket messages", toSize),
    messagesPerSecond: limit("rate of WebSocket messages", toCount),
  }),
);

const query: Comparer<QueryEdits> = (before, after, say) => {
  compareFields(
    before,
    after,
    {
      keepOnly: (was, is, inner) => {
        if (is === null) inner.that(true, "passes every query parameter on", "pass every query parameter on");
        else if (was === null)
          inner.that(false, `passes only the query parameters ${toList(is) || "(none)"} on`, "pass fewer query parameters on");
        else {
          const gains = ["passes more query parameters on:", "pass more query parameters on"] as const;
          const loses = ["passes fewer query parameters on:", "pass fewer query parameters on"] as const;
          compareSets(was, is, { more: true, gains, loses, show: same }, inner);
        }
      },
      remove: set({
        more: false,
        gains: ["removes the query parameters", "remove query parameters"],
        loses: ["no longer removes the query parameters", "no longer remove query parameters"],
        show: same,
      }),
      set: (was, is, inner) => {
        const names = (pairs: Pairs<ValueTemplate>) => pairs.map(([name]) => name);
        const gains = ["sets the query parameters", "set query parameters"] as const;
        const loses = ["no longer sets the query parameters", "no longer set query parameters"] as const;
        compareSets(names(was), names(is), { more: false, gains, loses, show: same }, inner);
        comparePairs(was, is, "query parameter", false, inner);
      },
    },
    say,
  );
};

export const rewrite: Comparer<RewriteConfig> = fields<RewriteConfig>({
  stripPrefix: text("prefix that is stripped"),
  addPrefix: text("prefix that is added"),
  path: plain("path for its upstream", toPath),
  query,
  host: plain("host for its upstream", (host) => (host.kind === "name" ? host.authority : host.kind)),
});
