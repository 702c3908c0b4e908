// Every command with its help, and where it lives. A command's own file is loaded when it runs: help and version load nothing else.

import type { ParseArgsOptionsConfig } from "node:util";
import type { Terminal } from "./terminal.ts";

export interface CommandLine {
  readonly values: Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;
  readonly operands: readonly string[];
}

export interface Command {
  readonly name: string;
  /** Behind the name in the synopsis. */
  readonly operands: string;
  /** How many operands there must be. */
  readonly least: number;
  readonly most: number;
  readonly summary: string;
  /** A paragraph of `help COMMAND`. */
  readonly about: string;
  readonly options: ParseArgsOptionsConfig;
  /** What each option does, as it is written. */
  readonly optionTexts: readonly (readonly [written: string, text: string])[];
  readonly examples: readonly string[];
  readonly exits: string;
  run(line: CommandLine, terminal: Terminal): Promise<number>;
}

const JSON_OPTION = { json: { type: "boolean" } } as const satisfies ParseArgsOptionsConfig;
const JSON_TEXT = ["--json", "one JSON document on standard output, for machines"] as const;

/** Of the commands that ask a running gateway. */
const ADMIN_OPTIONS = {
  ...JSON_OPTION,
  admin: { type: "string" },
  "token-env": { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
} as const satisfies ParseArgsOptionsConfig;
const ADMIN_TEXTS = [
  ["--admin URL", "its admin address, instead of what FILE says: http://127.0.0.1:9901, unix:/run/admin.sock"],
  ["--token-env NAME", "the environment's variable that has the token, instead of `admin.token` of FILE"],
  ["--ca FILE", "who signed the admin address's certificate; those that the runtime knows when left out"],
  ["--cert FILE, --key FILE", "our certificate, where the admin address asks for one"],
  JSON_TEXT,
] as const;

export const COMMANDS: readonly Command[] = [
  {
    name: "start",
    operands: "FILE",
    least: 1,
    most: 1,
    summary: "run the gateway that FILE describes, in the foreground",
    about: `A supervisor that holds the listening sockets, and workers that serve (\`gateway.workers\`). Writes the access log to standard output and
everything else to standard error. SIGTERM and SIGINT stop it when the requests in flight are answered, after \`gateway.drain\` at most; a second
one stops it at once. SIGHUP loads the configuration anew and opens the access log's file anew, for logrotate. SIGUSR2 replaces the workers one
after the other. None of these loses a request.`,
    options: { "last-good": { type: "string" } },
    optionTexts: [["--last-good STATEDIR", "when FILE can't be served, serve what served last and was kept in STATEDIR"]],
    examples: [
      "sallyport start gateway.yaml",
      "sallyport start gateway.ts >access.log",
      "sallyport start --last-good ./state gateway.yaml",
    ],
    exits: "0 stopped as asked, 1 bad configuration, 3 an address can't be bound",
    run: async ({ operands, values }, terminal) => {
      const lastGood = typeof values["last-good"] === "string" ? values["last-good"] : null;
      const file = operands[0] ?? "";
      const headStart = await (await import("../processes/head-start/index.ts")).beginHeadStart(file);
      return (await import("./start.ts")).start(file, { lastGood, headStart }, terminal);
    },
  },
  {
    name: "check",
    operands: "FILE…",
    least: 1,
    most: 100,
    summary: "judge configurations: mistakes, clashes, what can never match, invariants",
    about: `Says everything that is wrong at once, each with its place and how to mend it. What passes, \`start\` takes: only addresses that can't be
bound are left. A team's bad file, which \`start\` serves without, is an error here.`,
    options: { ...JSON_OPTION, strict: { type: "boolean" }, bypass: { type: "boolean" }, "bypass-path": { type: "string" } },
    optionTexts: [
      ["--strict", "warnings count as errors"],
      ["--bypass", "ask each endpoint of the upstreams past the gateway: one that answers without its token is told"],
      ["--bypass-path PATH", "what it is asked for; the path of its health checks, or /, when left out"],
      JSON_TEXT,
    ],
    examples: ["sallyport check gateway.yaml", "sallyport check --strict --json edge.yaml domain.yaml"],
    exits: "0 nothing to mend, 1 something is wrong",
    run: async (line, terminal) => (await import("./check.ts")).check(line, terminal),
  },
  {
    name: "explain",
    operands: "METHOD URL",
    least: 2,
    most: 2,
    summary: "say what becomes of one request: the route, why not the others, what each policy does",
    about: `Runs the request through the gateway in process, with upstreams that are played: nothing is bound, called or written. Secrets are
shown as ***.`,
    options: {
      ...JSON_OPTION,
      config: { type: "string", short: "c" },
      header: { type: "string", short: "H", multiple: true },
      data: { type: "string" },
      from: { type: "string" },
      listener: { type: "string" },
      certificate: { type: "string" },
      as: { type: "string" },
      "upstream-status": { type: "string" },
    },
    optionTexts: [
      ["-c, --config FILE", "the configuration; ./gateway.yaml or ./gateway.ts when left out"],
      ["-H, --header 'NAME: VALUE'", "a header of the request; may be repeated"],
      ["--data TEXT", "the body of the request"],
      ["--from ADDRESS", "the client's IP address"],
      ["--listener NAME", "where it comes in; the first that speaks the URL's scheme when left out"],
      ["--certificate FILE", "the client's certificate, PEM, for a host that asks for one; taken for verified"],
      ["--as ID|JSON", 'who it is from, on a route with `auth`: an id, or \'{"id":"alice","roles":["reader"],"scopes":["orders"]}\''],
      ["--upstream-status N", "what the upstream answers; 200 when left out, and OK to gRPC calls"],
      JSON_TEXT,
    ],
    examples: [
      "sallyport explain GET https://api.example.com/api/orders/1 -H 'X-Api-Version: 2'",
      "sallyport explain OPTIONS http://host/x -H 'Origin: https://shop.example.com' -H 'Access-Control-Request-Method: PUT' -c edge.yaml",
    ],
    exits: "0 explained, 1 bad configuration",
    run: async (line, terminal) => (await import("./explain.ts")).explain(line, terminal),
  },
  {
    name: "routes",
    operands: "FILE",
    least: 1,
    most: 1,
    summary: "list the routes, as the gateway compares them",
    about: "Hosts, paths and conditions are those that result: API versions, teams and defaults are worked in.",
    options: JSON_OPTION,
    optionTexts: [JSON_TEXT],
    examples: ["sallyport routes gateway.yaml", "sallyport routes gateway.yaml --json"],
    exits: "0 listed, 1 bad configuration",
    run: async (line, terminal) => (await import("./routes.ts")).routes(line, terminal),
  },
  {
    name: "diff",
    operands: "OLD NEW",
    least: 2,
    most: 2,
    summary: "say in words what a change of configuration changes for requests",
    about: "One of the two may be `-`: standard input. Effects that open something are told first.",
    options: { ...JSON_OPTION, deny: { type: "string" } },
    optionTexts: [
      ["--deny loosens", "exit 5 when the change opens something: a route becomes public, a bound grows, …"],
      ["--deny any", "exit 5 when there is any difference"],
      JSON_TEXT,
    ],
    examples: ["sallyport diff old.yaml new.yaml", "git show main:gateway.yaml | sallyport diff - gateway.yaml --deny loosens"],
    exits: "0 told, 1 bad configuration, 5 something that is denied",
    run: async (line, terminal) => (await import("./diff.ts")).diff(line, terminal),
  },
  {
    name: "test",
    operands: "FILE…",
    least: 1,
    most: 100,
    summary: "run route tests: given a request, expect route, status, headers and what is sent upstream",
    about: "Runs in process against played upstreams; thousands take seconds.",
    options: JSON_OPTION,
    optionTexts: [JSON_TEXT],
    examples: ["sallyport test routes.test.yaml", "sallyport test tests/*.yaml --json"],
    exits: "0 all passed, 1 bad test file or configuration, 5 some failed",
    run: async (line, terminal) => (await import("./test.ts")).test(line, terminal),
  },
  {
    name: "status",
    operands: "[FILE]",
    least: 0,
    most: 1,
    summary: "ask the running gateway of FILE how it is",
    about: `Generation, workers, the last reload, certificates, as the admin address tells them. FILE is read for that address and its token alone; where
it is broken, or elsewhere, --admin and --token-env say them.`,
    options: ADMIN_OPTIONS,
    optionTexts: ADMIN_TEXTS,
    examples: ["sallyport status gateway.yaml", "sallyport status --admin http://10.0.0.5:9901 --token-env ADMIN_TOKEN"],
    exits: "0 told, 1 bad configuration, 6 it can't be asked",
    run: async (line, terminal) => (await import("./status.ts")).status(line, terminal),
  },
  {
    name: "reload",
    operands: "[FILE]",
    least: 0,
    most: 1,
    summary: "have the running gateway of FILE load its files anew",
    about: `Waits until every worker serves what came of them, or until it is clear that none will: then nothing has changed, and the mistakes are told.
FILE is read for the admin address alone: which files are loaded is the gateway's business.`,
    options: ADMIN_OPTIONS,
    optionTexts: ADMIN_TEXTS,
    examples: ["sallyport reload gateway.yaml", "sallyport reload --admin http://127.0.0.1:9901 --json"],
    exits: "0 served, 1 refused or bad configuration, 6 it can't be asked, or is stopping",
    run: async (line, terminal) => (await import("./change.ts")).change("reload", line, terminal),
  },
  {
    name: "rollback",
    operands: "[FILE]",
    least: 0,
    most: 1,
    summary: "have the running gateway of FILE go back to what it served before its last change",
    about:
      "One step: a second one goes forward again. The files are not touched, so the next reload brings back what they say: mend them meanwhile.",
    options: ADMIN_OPTIONS,
    optionTexts: ADMIN_TEXTS,
    examples: ["sallyport rollback gateway.yaml", "sallyport rollback --admin http://127.0.0.1:9901"],
    exits: "0 served, 1 refused or bad configuration, 6 it can't be asked, or there is nothing to go back to",
    run: async (line, terminal) => (await import("./change.ts")).change("rollback", line, terminal),
  },
  {
    name: "keys",
    operands: "ACTION …",
    least: 1,
    most: 3,
    summary: "make, list, show, rotate and revoke API keys",
    about: `keys create FILE, keys list FILE, keys show FILE ID, keys rotate FILE ID, keys revoke FILE ID. The keys are those of the database that FILE
names, whether or not its gateway runs; with --admin URL in the place of FILE a running gateway does it. A new key is printed this once, alone on
standard output. Every gateway on the database knows of a change within 5 s.`,
    options: {
      ...ADMIN_OPTIONS,
      owner: { type: "string" },
      identity: { type: "string" },
      tenant: { type: "string" },
      role: { type: "string", multiple: true },
      scope: { type: "string", multiple: true },
      plan: { type: "string" },
      expires: { type: "string" },
      note: { type: "string" },
      overlap: { type: "string" },
      all: { type: "boolean" },
    },
    optionTexts: [
      ["--owner NAME", "create: who it belongs to, the principal's id; list: only that owner's"],
      ["--identity NAME", "the identity that takes it, where the configuration has several with `apiKey`"],
      ["--tenant NAME, --plan NAME", "create: what the principal has of them"],
      ["--role NAME, --scope NAME", "create: likewise; may be repeated"],
      ["--expires WHEN", "create: `90d`, `2027-01-31` or `2027-01-31T12:00:00Z`; never when left out"],
      ["--note TEXT", "create: for people"],
      ["--overlap DURATION", "rotate: how long the old key is good beside the new one; 24h when left out, 0s ends it at once"],
      ["--all", "list: also those that are revoked or have expired"],
      ["--admin URL", "the admin address of a running gateway, in the place of FILE"],
      ...ADMIN_TEXTS.slice(1),
    ],
    examples: [
      "sallyport keys create gateway.yaml --owner acme --scope orders:read --expires 90d",
      "sallyport keys rotate gateway.yaml 3kTg9ZpQ1xYb --overlap 48h",
      "sallyport keys revoke 3kTg9ZpQ1xYb --admin http://127.0.0.1:9901 --token-env ADMIN_TOKEN",
    ],
    exits: "0 done, 1 bad configuration, no such key or one at its end, 6 the database or the gateway can't be asked",
    run: async (line, terminal) => (await import("./keys.ts")).keys(line, terminal),
  },
  {
    name: "quota",
    operands: "ACTION …",
    least: 1,
    most: 4,
    summary: "show what was used of quotas, and set it back",
    about: `quota show FILE [LIMIT [KEY]], quota reset FILE LIMIT KEY, quota reset FILE LIMIT --all-keys. The counters are those of the database
that FILE names, whether or not its gateway runs; with --admin URL in the place of FILE a running gateway does it. A KEY is written as show has
it. What a gateway holds ready for a key counts as used; gateways see within a second that a quota was set back.`,
    options: { ...ADMIN_OPTIONS, "all-keys": { type: "boolean" }, all: { type: "boolean" }, most: { type: "string" } },
    optionTexts: [
      ["--all", "show: also what was used in periods that have ended"],
      ["--most N", "show: at most N counters, those that are used most; 1000 when left out"],
      ["--all-keys", "reset: of every key, in the place of KEY"],
      ["--admin URL", "the admin address of a running gateway, in the place of FILE"],
      ...ADMIN_TEXTS.slice(1),
    ],
    examples: [
      "sallyport quota show gateway.yaml",
      "sallyport quota show gateway.yaml monthly tenant=acme",
      "sallyport quota reset gateway.yaml monthly tenant=acme",
      "sallyport quota reset monthly --all-keys --admin http://127.0.0.1:9901 --token-env ADMIN_TOKEN",
    ],
    exits: "0 done, 1 bad configuration, or there is no such quota or counter, 6 the database or the gateway can't be asked",
    run: async (line, terminal) => (await import("./quota.ts")).quota(line, terminal),
  },
  {
    name: "simulate",
    operands: "WHAT",
    least: 1,
    most: 1,
    summary: "try limits without a gateway: on an access log, or in a fleet",
    about: `simulate limits --log FILE replays the access log of a gateway against the limits of a configuration: who would have been refused, by
which limit, how often and since when. What the log can't tell is said. Nothing is bound, called or written. simulate fleet makes requests up that
come to many gateways at once: what each algorithm admits when they count alone, share an exact or an approximate count, or lose their store.`,
    options: {
      ...JSON_OPTION,
      log: { type: "string", multiple: true },
      config: { type: "string", short: "c" },
      limit: { type: "string" },
      top: { type: "string" },
      from: { type: "string" },
      until: { type: "string" },
      nodes: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      seed: { type: "string" },
      svg: { type: "string" },
    },
    optionTexts: [
      ["--log FILE", "limits: the access log, - for standard input; may be repeated, for several gateways or the pieces of one log"],
      ["-c, --config FILE", "limits: the configuration; ./gateway.yaml or ./gateway.ts when left out"],
      ["--limit NAME", "limits: tell of this one alone"],
      ["--top N", "limits: how many of those that are refused most are named; 5 when left out"],
      ["--from WHEN, --until WHEN", "limits: only requests that began then: `2026-01-31` or `2026-01-31T12:00:00Z`"],
      ["--nodes N", "fleet: gateways; 50 when left out"],
      ["--rate N", "fleet: requests a second, of all gateways together; 100000 when left out"],
      ["--seconds N", "fleet: how long; 10 when left out"],
      ["--seed N", "fleet: the same number makes the same requests; 1 when left out"],
      ["--svg FILE", "fleet: write a picture of it there"],
      JSON_TEXT,
    ],
    examples: [
      "sallyport simulate limits --log access.jsonl --config new.yaml",
      "zcat access.jsonl.*.gz | sallyport simulate limits --log - -c new.yaml --limit per-user --top 20",
      "sallyport simulate fleet --nodes 20 --rate 50000 --svg fleet.svg",
    ],
    exits: "0 told, 1 bad configuration",
    run: async (line, terminal) => (await import("./simulate.ts")).simulate(line, terminal),
  },
  {
    name: "schema",
    operands: "",
    least: 0,
    most: 0,
    summary: "print the JSON Schema of the configuration, for editors",
    about: "JSON Schema 2020-12. Editors that know YAML take it by a comment in the file's first line.",
    options: { team: { type: "boolean" }, tests: { type: "boolean" } },
    optionTexts: [
      ["--team", "of a team's file"],
      ["--tests", "of a file of route tests"],
    ],
    examples: ["sallyport schema >gateway.schema.json", "sallyport schema --team >team.schema.json"],
    exits: "0 printed",
    run: async (line, terminal) => (await import("./schema.ts")).schema(line, terminal),
  },
  {
    name: "hash-password",
    operands: "",
    least: 0,
    most: 0,
    summary: "make of a password what stands in a configuration in its place",
    about: `For users of a \`basic\` identity. The password is read from standard input; on a terminal it is asked for and not shown. The same password
gives another text each time.`,
    options: JSON_OPTION,
    optionTexts: [JSON_TEXT],
    examples: ["sallyport hash-password", "sallyport hash-password <password.txt >hash.txt"],
    exits: "0 printed",
    run: async (line, terminal) => (await import("./hash-password.ts")).hashPassword(line, terminal),
  },
  {
    name: "version",
    operands: "",
    least: 0,
    most: 0,
    summary: "the version, and the runtime it runs on",
    about: "Both belong in a report of a defect.",
    options: JSON_OPTION,
    optionTexts: [JSON_TEXT],
    examples: ["sallyport version", "sallyport version --json"],
    exits: "0 told",
    run: async (line, terminal) => (await import("./version.ts")).version(line, terminal),
  },
];
