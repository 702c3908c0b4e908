// What a reviewer reads of a change, sentence by sentence.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GatewayConfig, parseConfig } from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

const HEAD = `version: 1
upstreams:
  shop: { endpoints: [http://127.0.0.1:3001] }
  other: { endpoints: [http://127.0.0.1:3002] }
`;
const LISTENERS = "listeners: [{ name: http, address: 127.0.0.1:8080 }]";

/** `routes` are the entries of the list without their `- { … }`. */
function configure(routes: readonly string[], more = LISTENERS): GatewayConfig {
  const text = `${HEAD}${more}\nroutes:\n${routes.map((route) => `  - { public: true, ${route} }\n`).join("")}`;
  const { config, issues } = parseConfig(text, "/gateway.yaml");
  assert.ok(config !== null, issues.map(({ message }) => message).join("\n"));
  return config;
}

const tell = (before: GatewayConfig, after: GatewayConfig) =>
  diffConfigs(before, after).effects.map(({ kind, sentence, opens }) => `${opens ? "!" : ""}${kind}: ${sentence}`);

const ORDERS = "name: orders, match: { hosts: [api.example.com], path: /orders/*, methods: [GET, POST] }, upstream: shop";
const OTHER = "name: other, match: { path: /other }, upstream: other";

/** What one route says when this is added to it. */
const tellRoute = (before: string, after: string) =>
  tell(configure([`${ORDERS}${before}`, OTHER]), configure([`${ORDERS}${after}`, OTHER]));

describe("diffConfigs", () => {
  const cases: readonly (readonly [title: string, before: string, after: string, effects: readonly string[]])[] = [
    [
      "a body bound that grows",
      ", bounds: { body: 1MiB }",
      ", bounds: { body: 10MiB }",
      ["!loosens: orders widens its body bound: 1MiB becomes 10MiB"],
    ],
    [
      "a body bound that goes",
      ", bounds: { body: 1MiB }",
      ", bounds: { body: off }",
      ["!loosens: orders loses its body bound: 1MiB becomes off"],
    ],
    ["a timeout in the language's units", ", timeout: 1500ms", ", timeout: 1m", ["!loosens: orders widens its timeout: 1500ms becomes 1m"]],
    [
      "cors that begins",
      "",
      ", cors: { origins: [https://evil.example] }",
      ["!loosens: orders lets pages of https://evil.example read its answers (cors)"],
    ],
    [
      "an origin more and one less",
      ", cors: { origins: [https://a.example, https://b.example] }",
      ", cors: { origins: [https://a.example, https://c.example] }",
      [
        "!loosens: orders lets more pages read its answers (cors): https://c.example",
        "tightens: orders lets fewer pages read its answers (cors): https://b.example",
      ],
    ],
    [
      "a header that is no longer removed",
      ", headers: { request: { remove: [X-Debug] } }",
      "",
      ["!loosens: orders lets the request header x-debug through, which was removed or set"],
    ],
    [
      "a header that is set rather than removed",
      ", headers: { request: { remove: [X-Debug] } }",
      ", headers: { request: { set: { X-Debug: off } } }",
      ["changes: orders sets the request header x-debug, which it removed"],
    ],
    [
      "hsts that gets shorter",
      ", securityHeaders: { hsts: { maxAge: 365d } }",
      ", securityHeaders: { hsts: { maxAge: 30d } }",
      ["!loosens: orders shortens hsts: 365d becomes 30d"],
    ],
    ["WebSockets that are taken again", ", websocket: off", "", ["!loosens: orders takes WebSockets"]],
    [
      "bounds of WebSockets that move",
      ", websocket: { maxMessage: 64KiB, messagesPerSecond: 10, idleTimeout: 5m }",
      ", websocket: { maxMessage: 1MiB, messagesPerSecond: 5 }",
      [
        "!loosens: orders widens its bound of WebSocket messages: 64KiB becomes 1MiB",
        "changes: orders has another idle timeout of WebSockets: 5m becomes the listener's",
        "tightens: orders narrows its rate of WebSocket messages: 10 becomes 5",
      ],
    ],
    ["maintenance that ends", ", maintenance: { retryAfter: 1m }", "", ["!loosens: orders opens again: maintenance ends"]],
    [
      "a network of friends that gets narrower",
      ", maintenance: { allowFrom: [10.0.0.0/8] }",
      ", maintenance: { allowFrom: [10.1.0.0/16] }",
      ["changes: orders names 10.1.0.0/16, which it took before", "tightens: orders lets fewer clients in during maintenance: 10.0.0.0/8"],
    ],
    [
      "rules for paths",
      "",
      ", paths: { encodedSlash: keep }",
      ["!loosens: orders relaxes its care for encoded slashes: reject becomes keep"],
    ],
    [
      "a sunset that is served past",
      ", lifecycle: { sunset: 2099-01-01, afterSunset: gone }",
      ", lifecycle: { sunset: 2099-01-01, afterSunset: serve }",
      ["!loosens: orders answers for good, once until 2099-01-01"],
    ],
  ];
  for (const [title, before, after, effects] of cases) {
    it(`tells ${title}`, () => assert.deepEqual(tellRoute(before, after), effects));
  }

  it("knows a route by its match and action when only its name differs, and compares it all the same", () => {
    const renamed = ORDERS.replace("orders", "sales");
    const effects = tell(configure([`${ORDERS}, timeout: 5s`, OTHER]), configure([OTHER, `${renamed}, timeout: 6s`]));
    assert.deepEqual(effects, ["!loosens: sales widens its timeout: 5s becomes 6s", "changes: orders is called sales now"]);
  });

  it("takes a new route for an opening one unless it is closed to everyone, and counts them", () => {
    const { effects, summary } = diffConfigs(
      configure([ORDERS, OTHER]),
      configure([
        ORDERS,
        OTHER,
        "name: a, match: { path: /a, methods: [GET] }, upstream: shop",
        "name: b, match: { path: /b }, upstream: shop",
        "name: c, match: { path: /c }, upstream: shop, maintenance: { retryAfter: 1m }",
      ]),
    );
    assert.deepEqual(
      effects.map(({ kind, opens, sentence }) => `${kind} ${opens} ${sentence}`),
      [
        "adds true a is new and public, GET /a: shop",
        "adds true b is new and public, any method /b: shop",
        "adds false c is new and closed for maintenance, any method /c: shop",
      ],
    );
    assert.deepEqual(summary, ["2 routes become public"]);
  });

  it("does not take an upstream's new name for a new destination", () => {
    const before = configure([ORDERS, OTHER]);
    const rename = (name: string) => (name === "shop" ? "store" : name);
    const after: GatewayConfig = {
      ...before,
      upstreams: before.upstreams.map((upstream) => ({ ...upstream, name: rename(upstream.name) })),
      routes: before.routes.map((route) =>
        route.action.kind === "upstream" ? { ...route, action: { ...route.action, upstream: rename(route.action.upstream) } } : route,
      ),
    };
    assert.deepEqual(tell(before, after), ["changes: the upstream shop is called store now"]);
  });

  it("takes wider hosts and paths for loosening, and what they cover for no loss", () => {
    const of = (match: string) => configure([`name: a, match: ${match}, upstream: shop`, OTHER]);
    assert.deepEqual(tell(of("{ hosts: [a.example.com], path: /a/b }"), of("{ hosts: ['*.example.com'], path: /a/* }")), [
      "!loosens: a becomes reachable by the host *.example.com",
      "!loosens: a becomes reachable by the path /a/*",
      "changes: a no longer names a.example.com, which it takes all the same",
      "changes: a no longer names /a/b, which it takes all the same",
    ]);
    assert.deepEqual(tell(of("{ hosts: [a.example.com], path: /a }"), of("{ path: /a }")), ["!loosens: a becomes reachable by any host"]);
  });

  it("takes a listener that leaves the loopback for loosening", () => {
    const at = (address: string) => configure([ORDERS, OTHER], `listeners: [{ name: http, address: "${address}" }]`);
    assert.deepEqual(tell(at("127.0.0.1:8080"), at("0.0.0.0:8080")), [
      "!loosens: the listener http listens at 0.0.0.0:8080, no longer at 127.0.0.1:8080: other machines can connect",
    ]);
    assert.deepEqual(tell(at("127.0.0.1:8080"), at("127.0.0.1:8081")), [
      "changes: the listener http listens at 127.0.0.1:8081, no longer at 127.0.0.1:8080",
    ]);
  });

  it("sees no difference in order and in defaults that are spelled out", () => {
    const before = configure([ORDERS, OTHER]);
    const after = configure([OTHER, ORDERS.replace("[GET, POST]", "[POST, GET]")]);
    const { effects, requests } = diffConfigs(before, after);
    assert.deepEqual({ effects, requests }, { effects: [], requests: [] });
  });

  it("shows control characters of a configuration as replacement characters", () => {
    const before = configure([ORDERS, OTHER]);
    const effects = tell(before, { ...before, gateway: { ...before.gateway, name: "\x1b[31mred" } });
    assert.deepEqual(effects, [`changes: the gateway has another name: ${before.gateway.name} becomes \ufffd[31mred`]);
  });
});

describe("requests of diffConfigs", () => {
  const moves = (before: readonly string[], after: readonly string[]) =>
    diffConfigs(configure(before), configure(after)).requests.map(({ sentence, opens }) => `${opens ? "!" : ""}${sentence}`);

  it("tells which requests another route answers now, and that what it does is no looser", () => {
    const one = "name: one, match: { hosts: [api.example.com], path: '/orders/:id', methods: [GET] }, upstream: other";
    assert.deepEqual(moves([ORDERS, OTHER], [ORDERS, OTHER, one]), ["GET http://api.example.com/orders/x went to orders, goes to one now"]);
  });

  it("takes requests that fall to a looser route for opening: a route that was closed is gone", () => {
    const all = "name: all, match: { path: /* }, upstream: other";
    const closed = "name: closed, match: { path: /secret }, upstream: shop, maintenance: { retryAfter: 1m }";
    assert.deepEqual(moves([all, closed], [all, "name: shop, match: { path: /shop }, upstream: shop"]), [
      "!GET /secret went to closed, goes to all now",
      "GET /shop went to all, goes to shop now",
    ]);
  });

  it("tells requests that find no route, for want of a method too", () => {
    assert.deepEqual(
      moves([ORDERS, "name: gone, match: { path: /gone }, upstream: other"], [ORDERS.replace("GET, POST", "POST"), OTHER]).toSorted(),
      [
        "!GET /other found no route, goes to other now",
        "GET /gone went to gone, finds no route now",
        "GET http://api.example.com/orders/x went to orders, finds no route for its method now",
      ],
    );
  });

  it("does not tell a route's new name as a move", () => {
    assert.deepEqual(moves([ORDERS, OTHER], [ORDERS.replace("orders", "sales"), OTHER]), []);
  });
});
