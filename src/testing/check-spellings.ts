// Tries a configuration with spellings of requests that services may take for other requests than the gateway does. What must hold: a
// service never gets, under the policies of one route, what it may read as a request of another; and nothing by which it believes who
// asks, or which method is meant, comes from a client. A random search: no finding is no proof.

import type { GatewayConfig, RouteConfig } from "../config/index.ts";
import { createTestGateway } from "./create-test-gateway.ts";
import { readLeniently } from "./lenient-reader.ts";
import { Dice, respell, respellName } from "./respell.ts";
import type { TestGateway } from "./test-gateway.ts";
import type { TestResponse } from "./test-response.ts";
import type { UpstreamRequest } from "./upstream-request.ts";

export interface SpellingsOptions {
  /** Requests for each route; 200 when left out. */
  readonly runs?: number;
  /** The same seed tries the same requests; 1 when left out. */
  readonly seed?: number;
  /**
   * Whether services may cut `;parameters` off path segments, as Java's servlet containers do. False when left out: the gateway keeps them,
   * so that `/admin;x/1` is no path below `/admin`, and such a service must be told not to.
   */
  readonly parameters?: boolean;
}

export interface SpellingFinding {
  /** `path`: a service may read it as another route's. `query`, `form`: the same request finds another route. `field`: a claim came through. */
  readonly kind: "path" | "query" | "form" | "field";
  /** As the client sent it. */
  readonly request: string;
  /** Whose policies ran. */
  readonly route: string;
  /** What is wrong, in a sentence. */
  readonly message: string;
}

const OVERRIDES = ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"];
const CLAIMS = [
  "X-Original-URL",
  "X-Rewrite-URL",
  "X-Forwarded-User",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Real-IP",
  "Forwarded",
  "X-Request-Id",
];
/** The plain spelling is refused itself: nobody serves it. No name of a route. */
const REFUSED = "(refused)";
/** What no gateway writes by itself. */
const MARK = "spelling-check";

/** Each kind of finding once a route, in the order in which they were met; empty when the search found nothing. */
export async function checkSpellings(gateway: TestGateway, options: SpellingsOptions = {}): Promise<SpellingFinding[]> {
  // One of its own: the paths that upstreams get must be those that were routed, and the caller's records stay the caller's.
  const inner = await createTestGateway({ resolved: toSearched(gateway.config) });
  try {
    const search = new Search(inner, new Dice(options.seed ?? 1), options.parameters ?? false);
    await trySpellings(search, inner.config, options.runs ?? 200);
    return search.findings;
  } finally {
    await inner.close();
  }
}

async function trySpellings(search: Search, config: GatewayConfig, runs: number): Promise<void> {
  for (const route of config.routes) {
    for (let run = 0; run < runs; run++) await search.tryPath(route);
    await search.tryQuery(route);
    for (let run = 0; run < Math.ceil(runs / 10); run++) await search.tryFields(route);
  }
}

/** Without rewrites, and without limits: what those refuse shows nothing of who would have got it. */
function toSearched(config: GatewayConfig): GatewayConfig {
  const routes = config.routes.map((route) => ({
    ...route,
    rateLimits: [],
    rewrite: { ...route.rewrite, stripPrefix: null, addPrefix: null, path: null },
  }));
  const listeners = config.listeners.map((listener) => ({ ...listener, rateLimits: [] }));
  return { ...config, admin: null, listeners, routes };
}

interface Asked {
  readonly response: TestResponse;
  /** Null when none reached an upstream. */
  readonly seen: UpstreamRequest | null;
}

class Search {
  readonly findings: SpellingFinding[] = [];
  readonly #gateway: TestGateway;
  readonly #dice: Dice;
  readonly #parameters: boolean;
  readonly #paths: readonly string[];
  /** Routes by the plain request that asks for them. */
  readonly #routes = new Map<string, string | null>();
  /** Of header fields that some route looks at, with a separator to spell otherwise. */
  readonly #conditionNames: readonly string[];
  readonly #told = new Set<string>();

  constructor(gateway: TestGateway, dice: Dice, parameters: boolean) {
    this.#gateway = gateway;
    this.#parameters = parameters;
    this.#dice = dice;
    const conditions = gateway.config.routes.flatMap(({ match }) => match.conditions);
    this.#conditionNames = conditions.filter(({ on, name }) => on === "header" && name.includes("-")).map(({ name }) => name);
    this.#paths = gateway.config.routes.flatMap(({ match }) => match.paths.map((path) => this.#fill(path)));
  }

  async tryPath(route: RouteConfig): Promise<void> {
    const path = respell(this.#fill(this.#dice.pick(route.match.paths)), this.#paths, this.#dice);
    const form = this.#dice.roll(8) === 0 ? "absolute" : "origin";
    const { response, seen } = await this.#ask(route, path, form);
    if (seen === null || response.route === null) return;
    const request = `${methodOf(route)} http://${hostOf(route)}${path}`;
    // A spelling may end the path early: then the rest is the query that conditions look at.
    const query = path.includes("?") ? path.slice(path.indexOf("?")) : "";
    for (const reading of readLeniently(seen.path, this.#parameters)) {
      const meant = await this.#routeOf(route, reading + query);
      if (meant === response.route || meant === REFUSED) continue;
      const whose = meant === null ? "a request without a route" : `one of route ${meant}`;
      this.#report("path", request, response.route, `the upstream gets ${seen.path}, which it may read as ${reading}: ${whose}`);
    }
    if (form === "origin") return;
    const plain = await this.#ask(route, path, "origin");
    if (plain.response.route !== response.route)
      this.#report("form", request, response.route, `in absolute form; otherwise it is ${plain.response.route}`);
  }

  async tryQuery(route: RouteConfig): Promise<void> {
    const path = this.#fill(this.#dice.pick(route.match.paths));
    const names = new Set(
      this.#gateway.config.routes.flatMap(({ match }) => match.conditions.filter(({ on }) => on === "query").map(({ name }) => name)),
    );
    for (const name of names) {
      for (const value of ["1", "x"]) {
        const plain = await this.#ask(route, `${path}?${encodeURIComponent(name)}=${value}`);
        for (const spelt of [escapeAll(name, false), escapeAll(name, true)]) {
          const query = `?${spelt}=${escapeAll(value, false)}`;
          const { response } = await this.#ask(route, path + query);
          if (response.route === plain.response.route) continue;
          const request = `${methodOf(route)} http://${hostOf(route)}${path}${query}`;
          this.#report("query", request, response.route ?? "none", `written plainly it is ${plain.response.route ?? "no route's"}`);
        }
      }
    }
  }

  async tryFields(route: RouteConfig): Promise<void> {
    const { config } = this.#gateway;
    const overrides = route.methodOverride === "remove" ? OVERRIDES : [];
    const names = [...config.gateway.identityHeaders, ...overrides, ...CLAIMS];
    const claims = names.map((name) => respellName(name, this.#dice));
    // The spelling that routing looks at may pass; its look-alikes may not.
    const lookAlikes = this.#conditionNames.map((name) => name.replaceAll("-", this.#dice.pick(["_", "--"])));
    const sent = [...claims, ...lookAlikes].map((name) => [name, MARK] as const);
    const trailers = [...claims].map((name) => [name, MARK] as const);
    const headers = [...conditionHeaders(route), ...sent];
    const target = `http://${hostOf(route)}${this.#fill(this.#dice.pick(route.match.paths))}${conditionQuery(route)}`;
    const method = methodOf(route) === "GET" ? "POST" : methodOf(route);
    for (const [verb, options] of [
      [methodOf(route), { headers }],
      [method, { headers, chunks: ["a"], trailers }],
    ] as const) {
      const { seen } = await this.#send(`${verb} ${target}`, options);
      for (const [name, value] of [...(seen?.headers.list ?? []), ...(seen?.trailers.list ?? [])]) {
        if (value.includes(MARK))
          this.#report("field", `${verb} ${target} with ${name}: …`, route.name, `the client's own ${name} reaches the upstream`);
      }
    }
  }

  /** Whose the plain request for this path is. */
  async #routeOf(route: RouteConfig, path: string): Promise<string | null> {
    const key = `${route.name} ${path}`;
    let found = this.#routes.get(key);
    if (found === undefined) {
      const { response } = await this.#ask(route, path);
      found = response.fault?.startsWith("SP_URI_") === true ? REFUSED : response.route;
      this.#routes.set(key, found);
    }
    return found;
  }

  #ask(route: RouteConfig, pathAndQuery: string, form: "origin" | "absolute" = "origin"): Promise<Asked> {
    const target = pathAndQuery.includes("?") ? pathAndQuery : pathAndQuery + conditionQuery(route);
    return this.#send(`${methodOf(route)} http://${hostOf(route)}${target}`, { headers: conditionHeaders(route), form });
  }

  async #send(request: string, options: Parameters<TestGateway["request"]>[1]): Promise<Asked> {
    for (const upstream of this.#gateway.upstreams) upstream.forget();
    const response = await this.#gateway.request(request, options);
    const seen = this.#gateway.upstreams.flatMap(({ requests }) => requests)[0] ?? null;
    return { response, seen };
  }

  /** The pattern with something in its holes. */
  #fill(pattern: string): string {
    return pattern
      .split("/")
      .map((segment) =>
        segment.startsWith(":") ? `p${this.#dice.roll(3)}` : segment === "*" ? this.#dice.pick(["", "a", "a/b", "admin", "1"]) : segment,
      )
      .join("/");
  }

  #report(kind: SpellingFinding["kind"], request: string, route: string, message: string): void {
    const key = `${kind} ${route} ${kind === "field" ? message : ""}`;
    if (this.#told.has(key)) return;
    this.#told.add(key);
    this.findings.push({ kind, request, route, message });
  }
}

function methodOf(route: RouteConfig): string {
  return route.match.methods[0] ?? "GET";
}

function hostOf(route: RouteConfig): string {
  return (route.match.hosts[0] ?? "any.test").replace(/^\*\./, "x.");
}

/** What the route's conditions ask for, as far as they ask for something. */
function conditionHeaders(route: RouteConfig): (readonly [name: string, value: string])[] {
  return route.match.conditions.flatMap(({ on, name, absent, values }) => {
    if (absent || on === "query") return [];
    const value = values?.[0] ?? "x";
    return on === "header" ? [[name, value] as const] : [["Accept", `${name};version=${value}`] as const];
  });
}

function conditionQuery(route: RouteConfig): string {
  const pairs = route.match.conditions
    .filter(({ on, absent }) => on === "query" && !absent)
    .map(({ name, values }) => `${encodeURIComponent(name)}=${encodeURIComponent(values?.[0] ?? "x")}`);
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

function escapeAll(text: string, upper: boolean): string {
  const hex = [...Buffer.from(text, "utf8")].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
  return upper ? hex.toUpperCase() : hex;
}
