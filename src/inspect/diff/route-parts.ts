// What the parts of a route say when they differ: header edits, cors, maintenance, lifecycle, errors, rewriting. The route itself is compare-route.ts.

import type {
  CorsConfig,
  ErrorsConfig,
  HeaderEdits,
  LifecycleConfig,
  MaintenanceConfig,
  QueryEdits,
  RewriteConfig,
  SecurityHeadersConfig,
  ValueTemplate,
} from "../../config/index.ts";
import { type Comparer, compareFields, compareSets, fields, flag, ladder, optional, plain, set, text } from "./comparers.ts";
import { coversNetwork, coversOrigin } from "./covers.ts";
import type { Say } from "./effect.ts";
import { isSame } from "./same.ts";
import { toDate, toDuration, toList, toPath, toSeconds, toText, toValue } from "./words.ts";

type Pairs<Value> = readonly (readonly [name: string, value: Value])[];

/** Values by name, those of one name in their order; names of headers in lower case. */
function byName<Value>(pairs: Pairs<Value>, fold: boolean): Map<string, { readonly name: string; readonly values: Value[] }> {
  const found = new Map<string, { readonly name: string; readonly values: Value[] }>();
  for (const [name, value] of pairs) {
    const key = fold ? name.toLowerCase() : name;
    const entry = found.get(key) ?? { name, values: [] };
    entry.values.push(value);
    found.set(key, entry);
  }
  return found;
}

function comparePairs(before: Pairs<ValueTemplate>, after: Pairs<ValueTemplate>, what: string, fold: boolean, say: Say): void {
  const [old, now] = [byName(before, fold), byName(after, fold)];
  for (const [key, { name, values }] of now) {
    const other = old.get(key);
    if (other === undefined || isSame(values, other.values)) {
      if (other !== undefined && other.name !== name) say.that(null, `spells the ${what} ${name} otherwise`, `spell a ${what} otherwise`);
      continue;
    }
    const [was, is] = [toValues(other.values), toValues(values)];
    say.that(
      null,
      was === null || is === null
        ? `changes the value of the ${what} ${name}`
        : `changes the value of the ${what} ${name}: ${was} becomes ${is}`,
      `change the value of a ${what}`,
    );
  }
}

/** Null where a secret is among them. */
function toValues(values: readonly ValueTemplate[]): string | null {
  const shown = values.map(toValue);
  return shown.some((value) => value === null) ? null : shown.join(", ");
}

/** What a name's edits come to: whatever came in under it is kept, gone or replaced. */
function compareGuards(before: ReadonlySet<string>, after: ReadonlySet<string>, what: string, say: Say): void {
  for (const name of after) if (!before.has(name)) say.that(false, `keeps out the ${what} ${name}`, `keep out a ${what}`);
  for (const name of before) {
    if (!after.has(name)) say.that(true, `lets the ${what} ${name} through, which was removed or set`, `let a ${what} through`);
  }
}

function compareEdits(side: "request" | "response"): Comparer<HeaderEdits> {
  const what = `${side} header`;
  return (before, after, say) => {
    const fold = (name: string) => name.toLowerCase();
    const guards = ({ set, remove }: HeaderEdits) => new Set([...set.map(([name]) => fold(name)), ...remove.map(fold)]);
    compareGuards(guards(before), guards(after), what, say);
    const names = (edits: readonly string[]) => new Set(edits.map(fold));
    const setNames = (edits: HeaderEdits) => names(edits.set.map(([name]) => name));
    const [oldSet, nowSet, oldAll, nowAll] = [setNames(before), setNames(after), guards(before), guards(after)];
    for (const name of nowSet) {
      if (!oldSet.has(name) && oldAll.has(name)) say.that(null, `sets the ${what} ${name}, which it removed`, `set a ${what}`);
    }
    for (const name of oldSet) {
      if (!nowSet.has(name) && nowAll.has(name)) say.that(null, `removes the ${what} ${name}, which it set`, `remove a ${what}`);
    }
    for (const name of names(before.remove)) {
      if (nowSet.has(name) && oldSet.has(name) && !names(after.remove).has(name))
        say.that(null, `only sets the ${what} ${name} now`, `edit a ${what}`);
    }
    for (const name of names(after.remove)) {
      if (nowSet.has(name) && oldSet.has(name) && !names(before.remove).has(name))
        say.that(null, `removes the ${what} ${name} before it sets it`, `edit a ${what}`);
    }
    comparePairs(before.set, after.set, what, true, say);
    const [oldAdded, nowAdded] = [byName(before.add, true), byName(after.add, true)];
    for (const [key, { name }] of nowAdded) if (!oldAdded.has(key)) say.that(null, `adds the ${what} ${name}`, `add a ${what}`);
    for (const [key, { name }] of oldAdded)
      if (!nowAdded.has(key)) say.that(null, `no longer adds the ${what} ${name}`, `no longer add a ${what}`);
    comparePairs(before.add, after.add, what, true, say);
  };
}

export const headers: Comparer<{ readonly request: HeaderEdits; readonly response: HeaderEdits }> = fields({
  request: compareEdits("request"),
  response: compareEdits("response"),
});

const same = (item: string) => item;

/** A list or all. */
function orAll(what: string, covers?: (outer: string, inner: string) => boolean): Comparer<readonly string[] | "*"> {
  return (before, after, say) => {
    if (after === "*") say.that(true, `takes ${what} of every kind (cors)`, `take any ${what} (cors)`);
    else if (before === "*") say.that(false, `takes ${what} only of ${toList(after)} (cors)`, `limit ${what} (cors)`);
    else {
      const gains = [`takes more ${what} (cors):`, `take more ${what} (cors)`] as const;
      const loses = [`takes fewer ${what} (cors):`, `take fewer ${what} (cors)`] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, ...(covers !== undefined && { covers }) }, say);
    }
  };
}

const corsFields: Comparer<CorsConfig> = fields<CorsConfig>({
  origins: (before, after, say) => {
    if (after === "*")
      say.that(true, "lets pages of any origin read its answers (cors)", "let pages of any origin read their answers (cors)");
    else if (before === "*")
      say.that(false, `lets only pages of ${toList(after)} read its answers (cors)`, "name the origins that may read their answers (cors)");
    else {
      const gains = ["lets more pages read its answers (cors):", "let more pages read their answers (cors)"] as const;
      const loses = ["lets fewer pages read its answers (cors):", "let fewer pages read their answers (cors)"] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, covers: coversOrigin }, say);
    }
  },
  methods: (before, after, say) => {
    if (before.length > 0 && after.length > 0) orAll("methods")(before, after, say);
    else if (after.length === 0)
      say.that(true, "tells preflights all of its methods (cors)", "tell preflights all of their methods (cors)");
    else say.that(false, `tells preflights ${toList(after)} alone (cors)`, "tell preflights fewer methods (cors)");
  },
  headers: orAll("request headers"),
  exposeHeaders: set({
    more: true,
    gains: ["shows more response headers to pages (cors):", "show more response headers to pages (cors)"],
    loses: ["shows fewer response headers to pages (cors):", "show fewer response headers to pages (cors)"],
    show: same,
  }),
  credentials: flag(
    true,
    "lets pages send credentials (cors)",
    "no longer lets pages send credentials (cors)",
    "let pages send credentials (cors)",
    "no longer let pages send credentials (cors)",
  ),
  maxAgeSeconds: plain("time for which preflights are kept (cors)", toSeconds),
  privateNetwork: flag(
    true,
    "lets public pages reach it in a private network (cors)",
    "no longer lets public pages reach it in a private network (cors)",
    "let public pages reach them in a private network (cors)",
    "no longer let public pages reach them in a private network (cors)",
  ),
});

export const cors: Comparer<CorsConfig | null> = optional(
  ({ origins, credentials }, say) =>
    say.that(
      true,
      `lets pages of ${origins === "*" ? "any origin" : toList(origins)} read its answers${credentials ? ", with credentials" : ""} (cors)`,
      "let pages of other origins read their answers (cors)",
    ),
  (_value, say) => say.that(false, "no longer lets pages of other origins read its answers (cors off)", "switch cors off"),
  corsFields,
);

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
      afterSunset: (was, is, inner) => hasMoved || ladder("what follows its sunset", ["gone", "serve"])(was, is, inner),
    },
    say,
  );
};

const hstsParts = (value: string) => ({
  seconds: Number(/max-age="?(\d+)/i.exec(value)?.[1] ?? 0),
  reach: Number(/includeSubDomains/i.test(value)) + Number(/preload/i.test(value)),
});

const hsts: Comparer<string | null> = (before, after, say) => {
  if (after === null || before === null) {
    say.that(
      after === null,
      after === null ? "no longer makes browsers stay with TLS (hsts)" : "makes browsers stay with TLS (hsts)",
      after === null ? "lose hsts" : "gain hsts",
    );
    return;
  }
  const [old, now] = [hstsParts(before), hstsParts(after)];
  const change = `${before} becomes ${after}`;
  if (now.seconds !== old.seconds) {
    const isShorter = now.seconds < old.seconds;
    const [from, to] = [toDuration(old.seconds * 1000), toDuration(now.seconds * 1000)];
    say.that(
      isShorter,
      `${isShorter ? "shortens" : "lengthens"} hsts: ${from} becomes ${to}`,
      `${isShorter ? "shorten" : "lengthen"} hsts`,
    );
  }
  if (now.reach !== old.reach) say.that(now.reach < old.reach, `changes what hsts covers: ${change}`, "change what hsts covers");
  if (now.seconds === old.seconds && now.reach === old.reach) say.that(null, `spells hsts otherwise: ${change}`, "spell hsts otherwise");
};

export const securityHeaders: Comparer<SecurityHeadersConfig | null> = (before, after, say) => {
  const empty: SecurityHeadersConfig = { hsts: null, fields: [] };
  const [old, now] = [before ?? empty, after ?? empty];
  // Neither side has anything to send: still a change, if of words only.
  if (isSame(old, now)) say.that(null, "writes its empty security headers otherwise", "write security headers otherwise");
  compareFields(
    old,
    now,
    {
      hsts,
      fields: (was, is, inner) => {
        const names = (pairs: Pairs<string>) => pairs.map(([name]) => name.toLowerCase());
        const gains = ["sends the security headers", "send more security headers"] as const;
        const loses = ["no longer sends the security headers", "lose security headers"] as const;
        compareSets(names(was), names(is), { more: false, gains, loses, show: same }, inner);
        const asTemplates = (pairs: Pairs<string>) => pairs.map(([name, value]) => [name, [value]] as const);
        comparePairs(asTemplates(was), asTemplates(is), "security header", true, inner);
      },
    },
    say,
  );
};

export const errors: Comparer<ErrorsConfig> = fields<ErrorsConfig>({
  upstream: ladder("what becomes of its upstream's errors", ["problem", "keep"]),
  read: plain("reading of its upstream's errors", (value) =>
    value === null ? "off" : toList([`title ${toText(value.title)}`, `detail ${toText(value.detail)}`, `code ${toText(value.code)}`]),
  ),
  status: plain("mapping of error statuses", (value) =>
    value.length === 0 ? "none" : toList(value.map(([from, to]) => `${from} to ${to}`)),
  ),
  typeBase: text("base of error types"),
});

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
