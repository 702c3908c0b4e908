// Every code that an issue can have, with what it means and how to mend it. The table is permanent: a code never changes its meaning
// and a retired one is never used again. docs/reference/issues.md is generated from it.

export interface IssueKind {
  /** An error refuses the configuration, or in a team's file that team's part; a warning does not. */
  readonly severity: "error" | "warning";
  /** What it stands for, in a sentence. */
  readonly means: string;
  /** What to do. */
  readonly mend: string;
}

function error(means: string, mend: string): IssueKind {
  return { severity: "error", means, mend };
}

function warning(means: string, mend: string): IssueKind {
  return { severity: "warning", means, mend };
}

export const ISSUE_CODES = {
  // ── the text ───────────────────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_FILE_UNREADABLE: error(
    "The file is missing, is a directory, or may not be read.",
    "Compare the path with where the file lies; it is taken from the folder that the command was started in.",
  ),
  SP_CONFIG_FILE_TOO_LARGE: error(
    "The file is larger than any configuration needs to be.",
    "Split it by teams with `gateway.include`, or look whether it is the right file.",
  ),
  SP_CONFIG_YAML_SYNTAX: error(
    "The text is not YAML 1.2.",
    "Look at the line and the one above it: a missing quote, a tab in the indentation, or a colon in a value without quotes.",
  ),
  SP_CONFIG_YAML_ALIASES: error(
    "Aliases form a circle, or expand to more than a configuration needs.",
    "Write the values out, or say them once under `defaults`.",
  ),
  SP_CONFIG_YAML_DEPTH: error("Maps and lists are nested deeper than any configuration needs.", "Check the indentation."),
  SP_CONFIG_YAML_MERGE_KEY: error(
    "The key `<<` merges maps in YAML 1.1; YAML 1.2 has no such thing.",
    "Write the keys out, or say them once under `defaults`.",
  ),
  SP_CONFIG_MODULE: error(
    "A configuration in TypeScript or JavaScript can't be loaded, or has no default export that is a configuration.",
    "End the file with `export default defineGateway({ … })`; the message has what the runtime said.",
  ),

  // ── keys and values ────────────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_DUPLICATE_KEY: error("A key stands twice in one map.", "Keep one of the two."),
  SP_CONFIG_UNKNOWN_KEY: error("A key that means nothing here.", "Take the key that the hint names, or look it up in the reference."),
  SP_CONFIG_MISSING_KEY: error("A key that must be written is not.", "Write it; the message says what it takes."),
  SP_CONFIG_WRONG_TYPE: error(
    "A value of another type than the key takes.",
    "The message says which type; text that looks like a number is quoted.",
  ),
  SP_CONFIG_BAD_VALUE: error("A value outside what the key takes.", "The message says what it takes."),
  SP_CONFIG_BAD_DURATION: error(
    "A time that is not a whole number with a unit.",
    "Write `250ms`, `10s`, `5m`, `1h` or `1d`; `off`, where it is allowed, is written as a word.",
  ),
  SP_CONFIG_BAD_SIZE: error(
    "A size or rate that is not a whole number with a unit.",
    "Write `512B`, `8KiB`, `10MiB`, `1GiB`, or `256B/s`.",
  ),
  SP_CONFIG_BAD_DATE: error("A date that is not in its one form.", "Write `2026-12-31`, or `2026-12-31T12:00:00Z`, in UTC."),
  SP_CONFIG_BAD_ADDRESS: error("An address, URL or CIDR block that is not in its one strict form.", "The hint has the form."),
  SP_CONFIG_BAD_PATTERN: error(
    "A host pattern, path pattern or path template that is not in its one strict form.",
    "Hosts are `api.example.com` or `*.example.com`; paths `/exact`, `/x/*` or `/x/:id/y`.",
  ),
  SP_CONFIG_BAD_TEMPLATE: error(
    "A value with `${…}` that is not closed, or names a source that there is not.",
    "Sources are `${param:id}`, `${param:*}`, `${request:id}`, `${env:NAME}` and `${file:PATH}`; a plain `${` is written `$${`.",
  ),
  SP_CONFIG_UNKNOWN_PARAMETER: error(
    "A template asks for a parameter that the route's path does not have.",
    "Name one that `match.path` has: `:id` there is `${param:id}` in a header and `:id` in a path; `/*` there is `*`.",
  ),
  SP_CONFIG_BAD_NAME: error("A name that could not stand in logs and metrics as it is.", "Letters, digits, `.`, `_` and `-`; 63 at most."),
  SP_CONFIG_BAD_HEADER: error(
    "A header field name or value that RFC 9110 does not allow.",
    "A name has no spaces and no colon; a value is one line of ASCII.",
  ),
  SP_CONFIG_HEADER_REFUSED: error(
    "A header field that the gateway keeps for itself.",
    "Framing fields follow from the message, identity headers from who the caller is; choose another name.",
  ),
  SP_CONFIG_HEADER_CONFLICT: error(
    "One header field is edited twice in ways that contradict each other.",
    "Keep one; `set` replaces what was there.",
  ),
  SP_CONFIG_DUPLICATE_NAME: error("Two things of one kind bear the same name.", "Rename one; names stand in logs and metrics."),
  SP_CONFIG_DUPLICATE_ADDRESS: error("Two listeners, or a listener and admin, want the same address.", "Give one of them another port."),
  SP_CONFIG_DUPLICATE_ENTRY: error("A list says the same thing twice.", "Take one out."),
  SP_CONFIG_UNKNOWN_REFERENCE: error(
    "A name that nothing in the configuration bears.",
    "Take the name that the hint suggests, or define it.",
  ),
  SP_CONFIG_CONTRADICTION: error("Two keys that can't stand beside each other.", "The message says which of them to keep."),
  SP_CONFIG_NOT_BUILT: error(
    "A part of the language that this version does not do yet.",
    "Leave it out; the hint says what works instead.",
  ),

  // ── values from elsewhere ──────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_ENV_MISSING: error(
    "`${env:NAME}` names a variable that is not set, or is empty.",
    "Set it for the process that reads the configuration; `check` needs it as well as `start`.",
  ),
  SP_CONFIG_REFERENCED_FILE: error(
    "A file that the configuration names (`${file:PATH}`, `respond.file`, `include`, a certificate or key) can't be read or is no use.",
    "Paths are relative to the file that they stand in; the message says what is wrong.",
  ),

  // ── TLS and the admin address ──────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_ACME: error(
    "A certificate that an authority is to issue, and something that it needs is missing or can't be had.",
    "The message says what: the section `acme` with its directory, `gateway.stateDir`, or names that a challenge can prove.",
  ),
  SP_CONFIG_ADMIN_OPEN: error(
    "The admin address can be reached from other machines, and nothing asks who they are.",
    "Listen on `127.0.0.1` or a unix socket; or add `token`, or `tls` that requires certificates of clients.",
  ),
  SP_CONFIG_WEAK_TOKEN: error(
    "A token that is short enough to be guessed.",
    "`openssl rand -hex 32` makes a good one; give it by `${env:NAME}`.",
  ),

  // ── identities ─────────────────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_IDENTITY: error(
    "Two identities that nothing tells apart: by what requests carry, or by where their pages and cookies stand.",
    "The message says which; keep one of the two on the route, or change where a credential stands.",
  ),
  SP_CONFIG_LITERAL_SECRET: error(
    "A secret that stands in the configuration itself.",
    "Give it by reference: `${env:NAME}` or `${file:PATH}`; and change it, since others have seen it.",
  ),
  SP_CONFIG_CREDENTIAL: error(
    "A key, secret or hash of a password that is of no use: too short, of another form, or too cheap to guess.",
    "The message says what is wrong, and no part of it.",
  ),
  SP_CONFIG_DATABASE: error(
    "Something must be kept in a database, and there is none, or none that is safe for it.",
    "Add `gateway: { stateDir: ./state }` for a file on this machine, or `database: { postgres: … }` with `gateway.sealKeys`.",
  ),
  SP_CONFIG_COUNTERS: error(
    "Where a limit is counted is missing or can't count so, or what holds while that is away is not said.",
    "The message says which; a limit with `store: redis` needs `counters` and `onStoreFailure`.",
  ),
  SP_CONFIG_LIMIT: error(
    "A limit that can't work where it is named: nothing there to count by, or requests that it could never admit.",
    "The message says which; limits that count by who calls belong on routes with `auth`.",
  ),
  SP_CONFIG_CLEARTEXT: warning(
    "A service that decides about callers is asked without TLS, on another machine.",
    "Write `https://…`, or let it listen on this machine.",
  ),

  // ── routes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_NO_ACCESS: error(
    "A route says neither `public: true` nor who may use it.",
    "Name identities in `auth`; for everybody write `public: true`.",
  ),
  SP_CONFIG_REWRITE_MISMATCH: error(
    "A prefix to strip that the route's path does not begin with.",
    "Strip what stands in front of every path of the route.",
  ),
  SP_CONFIG_ROUTE_CONFLICT: error(
    "Two routes match the same request and neither is more specific.",
    "The message shows such a request. Give one of them a host, a method or a condition that the other lacks.",
  ),
  SP_CONFIG_ROUTE_UNREACHABLE: error(
    "A route that can never match: others take each of its requests, or its own words exclude one another.",
    "Remove it, or narrow the routes that the message names.",
  ),
  SP_CONFIG_ROUTE_OVERLAP: error(
    "Paths that overlap so often that matching one request would take too long, or conditions of which no proof comes to an end.",
    "Use fewer parameters beside static segments, and fewer conditions that differ among routes of one path.",
  ),
  SP_CONFIG_BOUND_IDLE: warning(
    "A route's bound that is wider than every listener's, so that it never applies.",
    "Raise the listener's, or leave it out.",
  ),
  SP_CONFIG_PREFLIGHT_AMBIGUOUS: warning(
    "Routes that differ only in the value of a header have different `cors`: a preflight does not say the value.",
    "Give them the same `cors`, or tell them apart by host, path or method.",
  ),
  SP_CONFIG_UNUSED: warning("Something is defined and nothing uses it.", "Remove it, or name it where it was meant to be used."),
  SP_CONFIG_SUNSET_PAST: warning("An API version's sunset lies in the past.", "Remove the version, or say `afterSunset: gone`."),

  // ── what an operator demands ───────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_INVARIANT: error(
    "A route breaks an invariant of the configuration.",
    "Change the route; or the invariant, if it asks for too much.",
  ),
  SP_CONFIG_INVARIANT_WARNING: warning("A route breaks an invariant whose level is `warning`.", "Change the route, or the invariant."),
  SP_CONFIG_INVARIANT_IDLE: warning(
    "An invariant that speaks of no route.",
    "Its `where` matches none: look for a mistyped path, host or name.",
  ),
  SP_CONFIG_KIND: error(
    "Something that a gateway of this kind may not do: an edge does not read or rewrite bodies and runs no aggregation.",
    "Move it to a service or to a gateway of kind `bff`; or say what kind this gateway is.",
  ),
  SP_CONFIG_CODE_BUDGET: error(
    "More lines of custom code than `gateway.customCode.maxLines` allows.",
    "Move logic to a service, or raise the budget on purpose.",
  ),

  // ── teams ──────────────────────────────────────────────────────────────────────────────────────────────────────────
  SP_CONFIG_TEAM_CLAIM: error(
    "A team's route takes hosts or paths that the team may not claim.",
    "Narrow the route, or have `team.hosts` or `team.paths` widened by whoever owns them.",
  ),
  SP_CONFIG_TEAM_INCLUDE: warning(
    "A pattern of `gateway.include` that matches no file.",
    "Look for a mistyped folder; paths are relative to the configuration.",
  ),
  SP_CONFIG_TEAM_FILE: error(
    "A file that is included is no team's, or the configuration itself has a `team`.",
    "A team's file begins with `version: 1` and `team: { name: … }`; the root has none.",
  ),
} as const satisfies Readonly<Record<string, IssueKind>>;

export type IssueCode = keyof typeof ISSUE_CODES;
