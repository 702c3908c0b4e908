// A browser and a gateway around one session identity, in memory: the identity's pages on the listener, one route that asks it, and an
// upstream that shows what it got.

import { randomBytes } from "node:crypto";
import { FakeClock, type Fault, Secret, TimerWheel } from "../../src/base/index.ts";
import type { SessionIdentity } from "../../src/config/index.ts";
import { FIELD } from "../../src/http/index.ts";
import { AUTH, type Identity, type IdentityHost } from "../../src/identity/index.ts";
import { createSessionIdentity } from "../../src/identity/session/index.ts";
import { FakeProvider, ISSUER } from "../../src/identity/session/provider-fake.ts";
import { VerificationBudget } from "../../src/identity/verification-budget.ts";
import { CONTINUE, type Exchange, PENDING, type Policy, Principal, type StepResult } from "../../src/pipeline/index.ts";
import { createMemoryStores, type Stores } from "../../src/stores/index.ts";
import { PolicyStage } from "../pipeline/policy-stage.ts";
import { valuesOf } from "./index.ts";

export const NAVIGATION = { "Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
export const FETCH = { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty" };

export const CONFIG: SessionIdentity = {
  name: "web",
  kind: "session",
  headers: null,
  principal: { id: ["sub"], tenant: "tenant", roles: "roles", scopes: "scope" },
  issuer: ISSUER,
  clientId: "web",
  clientSecret: new Secret("a secret of the client's"),
  scopes: ["openid", "profile"],
  cookie: "sid",
  store: "cookie",
  path: "/auth",
  idleMs: 1_800_000,
  lifetimeMs: 36_000_000,
  hosts: ["shop.test"],
  afterLogout: "/bye",
  redirects: true,
  ca: null,
};

/** What two workers of one gateway share. */
export interface Shared {
  readonly clock: FakeClock;
  readonly provider: FakeProvider;
  readonly stores: Stores;
  readonly keys: readonly Uint8Array[];
  /** `name what isGood` of all that was asked of others. */
  readonly asked: string[];
  readonly details: string[];
}

export async function share(): Promise<Shared> {
  const clock = new FakeClock();
  const provider = await FakeProvider.create();
  return { clock, provider, stores: createMemoryStores(clock), keys: [randomBytes(32)], asked: [], details: [] };
}

export class Worker {
  readonly stage: PolicyStage;
  readonly identity: Identity;
  /** Whether each cookie was known. */
  readonly lookups: readonly boolean[];

  private constructor(stage: PolicyStage, identity: Identity, lookups: readonly boolean[]) {
    this.stage = stage;
    this.identity = identity;
    this.lookups = lookups;
  }

  static async start(shared: Shared, config: Partial<SessionIdentity> = {}, optional = false): Promise<Worker> {
    const { clock, keys, provider, stores } = shared;
    const lookups: boolean[] = [];
    const host: IdentityHost = {
      clock,
      wheel: new TimerWheel(clock),
      calls: provider,
      documents: { read: () => Promise.reject(new Error("not asked")) },
      stores,
      sealKeys: async () => keys,
      watcher: {
        onAsked: (_name, what, isGood, detail) => {
          shared.asked.push(`${what} ${isGood}`);
          shared.details.push(detail);
        },
        onLookup: (_name, isHit) => void lookups.push(isHit),
      },
    };
    const identity = createSessionIdentity({ ...CONFIG, ...config }, host, new VerificationBudget(host.wheel));
    const stage = await PolicyStage.create({
      listenerPolicies: [partTarget, ...(identity.listenerPolicies ?? [])],
      policies: [ask(identity, optional), ...(identity.routePolicies ?? [])],
    });
    return new Worker(stage, identity, lookups);
  }
}

export interface Answer {
  readonly status: number;
  readonly location: string;
  /** Of a problem; empty for none. */
  readonly code: string;
  readonly body: string;
  readonly cookies: readonly string[];
  readonly cacheControl: string;
  /** Of the fault, for the operator. */
  readonly detail: string;
}

export class FakeBrowser {
  readonly jar = new Map<string, string>();
  worker: Worker;
  readonly host: string;

  constructor(worker: Worker, host = "app.test") {
    this.worker = worker;
    this.host = host;
  }

  /** Sends without waiting. */
  begin(path: string, fields: Readonly<Record<string, string>> = NAVIGATION, method = "GET"): () => Promise<Answer> {
    const { stage } = this.worker;
    const cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const all: Record<string, string> = { Host: this.host, ...(cookie === "" ? {} : { Cookie: cookie }), ...fields };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const length = method === "POST" ? "Content-Length: 0\r\n" : "";
    const client = stage.send(`${method} ${path} HTTP/1.1\r\n${lines.join("")}${length}\r\n`);
    const exchange = stage.begun.at(-1);
    return async () => {
      await until(stage, () => client.responses(method).length > 0);
      const response = client.response(method);
      const one = (name: string) => valuesOf(response, name)[0] ?? "";
      const cookies = valuesOf(response, "set-cookie");
      for (const line of cookies) this.#keep(line);
      client.leave();
      return {
        status: Number(response.startLine.split(" ")[1]),
        location: one("location"),
        code: one("content-type").includes("problem") ? (JSON.parse(response.body) as { code: string }).code : "",
        body: response.body,
        cookies,
        cacheControl: one("cache-control"),
        detail: exchange?.fault?.detail ?? "",
      };
    };
  }

  send(path: string, fields?: Readonly<Record<string, string>>, method?: string): Promise<Answer> {
    return this.begin(path, fields, method)();
  }

  /** From the login page over the provider and back; the answer of the callback. */
  async login(provider: FakeProvider, returnTo = "/"): Promise<Answer> {
    const { location } = await this.send(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
    return this.send(`/auth/callback${provider.login(location)}`);
  }

  #keep(line: string): void {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/);
    if (attributes.includes("Max-Age=0")) this.jar.delete(name);
    else this.jar.set(name, value);
  }
}

/** However busy the machine is: signatures are made by threads beside this one. */
const COMES_IN_MS = 20_000;

/** Until what libraries do in the background has come to its end. */
export async function until(stage: PolicyStage, isDone: () => boolean): Promise<void> {
  const lateMs = performance.now() + COMES_IN_MS;
  while (!isDone()) {
    if (performance.now() > lateMs) throw new Error("nothing came");
    await new Promise((resolve) => setImmediate(resolve));
    stage.pump();
  }
}

const partTarget: Policy = {
  name: "target",
  phase: "normalise",
  request({ head }) {
    const mark = head.target.indexOf("?");
    head.path = mark < 0 ? head.target : head.target.slice(0, mark);
    head.query = mark < 0 ? "" : head.target.slice(mark);
    return CONTINUE;
  },
};

/** As policies/auth asks, in short. */
function ask(identity: Identity, optional: boolean): Policy {
  const settle = (exchange: Exchange, outcome: Principal | Fault): Fault | null => {
    if (!(outcome instanceof Principal)) return outcome;
    exchange.principal = outcome;
    exchange.head.fields.remove(FIELD.COOKIE);
    exchange.head.fields.set(FIELD.AUTHORIZATION, `Bearer ${identity.forwardedToken?.(exchange) ?? ""}`);
    return null;
  };
  return {
    name: "ask",
    phase: "authenticate",
    request(exchange): StepResult {
      const outcome = identity.identify(exchange);
      if (outcome === null) return optional ? CONTINUE : (identity.greet?.(exchange) ?? exchange.answerFault(AUTH.NO_CREDENTIAL));
      if (!(outcome instanceof Promise)) {
        const fault = settle(exchange, outcome);
        return fault === null ? CONTINUE : exchange.answerFault(fault);
      }
      const ticket = exchange.suspend();
      void outcome.then((settled) => {
        const fault = settle(exchange, settled);
        if (fault === null) exchange.resume(ticket);
        else exchange.fail(ticket, fault);
      });
      return PENDING;
    },
  };
}
