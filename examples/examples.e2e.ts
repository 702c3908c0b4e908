// `npm start` as the README promises it: both services answer through the gateway, the admin address lives, and all of it ends together.
// Then every other example by its name. One file, since they share ports.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get as httpGet } from "node:http";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const GATEWAY = "http://127.0.0.1:8080";
const RUN = fileURLToPath(new URL("run.ts", import.meta.url));

let quickStart: ChildProcess;
let said = "";

function launch(...args: string[]): ChildProcess {
  const runtime = process.versions["bun"] === undefined ? "node" : "bun";
  const child = spawn(process.execPath, [RUN, ...args], {
    env: { ...process.env, SALLYPORT_RUNTIME: runtime },
    stdio: ["ignore", "ignore", "pipe"],
  });
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (said += chunk));
  return child;
}

async function untilSaid(pattern: RegExp): Promise<void> {
  while (!pattern.test(said)) {
    if (quickStart.exitCode !== null) throw new Error(`the quick start ended: ${said}`);
    await Promise.race([once(quickStart.stderr ?? quickStart, "data"), once(quickStart, "close")]);
  }
}

describe("the quick start", () => {
  before(async () => {
    quickStart = launch();
    await untilSaid(/Ctrl-C stops all/);
  });

  after(() => {
    quickStart.kill("SIGKILL");
  });

  it("answers the README's first request", async () => {
    const response = await fetch(`${GATEWAY}/api/products/1`);
    assert.equal(response.status, 200);
    assert.ok(response.headers.get("x-request-id"));
    assert.deepEqual(await response.json(), { id: 1, name: "Brass lantern", priceCents: 4900, inStock: true });
  });

  it("tells the gateway's 404 from the service's", async () => {
    const ofService = (await (await fetch(`${GATEWAY}/api/products/99`)).json()) as Record<string, unknown>;
    const ofGateway = (await (await fetch(`${GATEWAY}/nowhere`)).json()) as Record<string, unknown>;
    assert.deepEqual([ofService["status"], ofService["code"]], [404, undefined]);
    assert.deepEqual([ofGateway["status"], ofGateway["code"]], [404, "SP_ROUTE_NOT_FOUND"]);
  });

  it("streams an order's event while the stream is open", async () => {
    const stop = new AbortController();
    const stream = await fetch(`${GATEWAY}/api/orders/events`, { signal: stop.signal });
    assert.equal(stream.headers.get("content-type"), "text/event-stream");
    const reader = (stream.body ?? assert.fail("no body")).pipeThrough(new TextDecoderStream()).getReader();
    const placed = await fetch(`${GATEWAY}/api/orders`, { method: "POST", body: JSON.stringify({ productId: 4, quantity: 1 }) });
    assert.equal(placed.status, 201);
    assert.equal(placed.headers.get("cache-control"), "no-store");
    let seen = "";
    while (!/event: placed\ndata: .*"productId":4/.test(seen)) {
      const { value, done } = await reader.read();
      assert.ok(!done, "the stream stays open");
      seen += value;
    }
    stop.abort();
  });

  it("shows health and metrics on the admin address alone", async () => {
    assert.equal((await fetch("http://127.0.0.1:9901/readyz")).status, 200);
    assert.match(await (await fetch("http://127.0.0.1:9901/metrics")).text(), /^# (HELP|TYPE) /m);
    assert.equal((await fetch(`${GATEWAY}/metrics`)).status, 404);
  });

  it("says which port is taken and starts nothing", async () => {
    const second = launch();
    const [code] = await once(second, "close");
    assert.equal(code, 3);
    assert.match(said, /port 3001 of 127\.0\.0\.1 is taken/);
  });

  it("frees every port when it is told to stop", async () => {
    quickStart.kill("SIGTERM");
    const [code] = await once(quickStart, "close");
    assert.equal(code, 0, said);
    for (const port of [3001, 3002, 8080, 9901]) {
      const probe = createServer();
      probe.listen(port, "127.0.0.1");
      await once(probe, "listening");
      probe.close();
    }
  });
});

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** With a Host of its own, which fetch does not allow. */
function get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpGet({ host: "127.0.0.1", port: 8080, path, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on("error", reject);
  });
}

async function userToken(): Promise<string> {
  const { token } = (await (await fetch("http://127.0.0.1:3004/token?sub=alice")).json()) as { token: string };
  return token;
}

const LANTERN = '"name":"Brass lantern"';

describe("the other examples", () => {
  const examples: readonly (readonly [name: string, proof: () => Promise<void>])[] = [
    [
      "single",
      async () => {
        assert.ok((await get("/api/products/1")).body.includes(LANTERN));
        assert.equal((await get("/shop/products/1")).headers["location"], "/api/products/1");
        const old = await get("/api/orders/1");
        assert.deepEqual([old.status, old.headers["sunset"]], [200, "Tue, 01 Jun 2027 00:00:00 GMT"]);
        assert.equal((await get("/api/orders/1", { "X-Api-Version": "2" })).headers["sunset"], undefined);
        assert.equal((await get("/api/orders/1", { "X-Api-Version": "3" })).status, 404);
      },
    ],
    [
      "teams",
      async () => {
        assert.ok((await get("/api/products/1")).body.includes(LANTERN));
        assert.deepEqual(JSON.parse((await get("/status")).body), { status: "ok" });
        assert.equal((await get("/search?inStock=false&x=y")).status, 200);
        const { teams } = (await (await fetch("http://127.0.0.1:9901/config")).json()) as { teams: { name: string; state: string }[] };
        assert.deepEqual(
          teams.map(({ name, state }) => `${name} ${state}`),
          ["catalog good", "orders good"],
        );
      },
    ],
    [
      "grpc",
      async () => {
        const client = spawn(process.execPath, [fileURLToPath(new URL("grpc/client.ts", import.meta.url))], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let told = "";
        client.stdout.setEncoding("utf8").on("data", (chunk: string) => (told += chunk));
        await once(client, "close");
        assert.match(
          told,
          /^product 1: 12 left\nproduct 99: NOT_FOUND, There is no such product\nproduct 4: 40 left\n(product 4: \d+ left\n){2}$/,
        );
        const message = JSON.stringify({ productId: 2 });
        const page = await fetch(`${GATEWAY}/shop.v1.Stock/Get`, {
          method: "POST",
          headers: { "Content-Type": "application/grpc-web", Origin: "https://shop.example.com" },
          body: `\0\0\0\0${String.fromCharCode(message.length)}${message}`,
        });
        assert.equal(page.headers.get("access-control-allow-origin"), "https://shop.example.com");
        assert.match(await page.text(), /\{"productId":2,"left":3\}.*grpc-status: 0/s);
      },
    ],
    [
      "identity",
      async () => {
        assert.equal((await get("/products/1")).status, 200);
        assert.equal((await get("/orders/1")).status, 401);
        assert.equal((await get("/orders/1", { Authorization: `Bearer ${await userToken()}` })).status, 200);
        const made = await fetch("http://127.0.0.1:9901/keys", {
          method: "POST",
          headers: { "Content-Type": "application/json" },
          body: JSON.stringify({ owner: "globex", scopes: ["orders:read"], expires: "1h" }),
        });
        const { key } = (await made.json()) as { key: string };
        assert.equal((await get("/orders/1", { "X-Api-Key": key })).status, 200);
      },
    ],
    [
      "internal-token",
      async () => {
        const answer = await get("/orders/", { Authorization: `Bearer ${await userToken()}` });
        assert.deepEqual([answer.status, JSON.parse(answer.body).caller.id], [200, "alice"]);
        assert.equal((await fetch("http://127.0.0.1:3005/orders/")).status, 401);
        assert.equal((await fetch("http://127.0.0.1:8090/.well-known/jwks.json")).status, 200);
      },
    ],
    [
      "limits",
      async () => {
        const alice = { "X-Customer": "alice" };
        for (const left of ["3", "1"]) assert.equal((await get("/orders/1", alice)).headers["x-ratelimit-remaining"], left);
        const refused = await get("/orders/1", alice);
        assert.deepEqual([refused.status, JSON.parse(refused.body).limit], [429, "per-customer"]);
        assert.equal((await get("/orders/1", { "X-Customer": "bob" })).status, 200);
        for (let i = 0; i < 4; i++) assert.equal((await get("/products/1")).status, 200);
        const metrics = await (await fetch("http://127.0.0.1:9901/metrics")).text();
        assert.match(metrics, /^sallyport_rate_limit_requests_total\{limit="stricter",outcome="would-refuse"\} 1$/m);
      },
    ],
    [
      "edge-domain",
      async () => {
        const answer = await get("/commerce/products/1");
        assert.ok(answer.body.includes(LANTERN));
        // Both gateways were on the way.
        assert.equal(answer.headers["via"], "1.1 sallyport, 1.1 sallyport");
        assert.equal((await get("/products/1")).status, 404);
      },
    ],
    [
      "edge-bff",
      async () => {
        assert.ok((await get("/products/1", { Host: "www.example.com" })).body.includes(LANTERN));
        assert.ok((await get("/v1/catalog/1", { Host: "m.example.com" })).body.includes(LANTERN));
        const missing = await get("/products/99", { Host: "www.example.com" });
        assert.deepEqual([missing.status, JSON.parse(missing.body).title], [404, "There is no such product"]);
        assert.equal((await get("/x", { Host: "example.com" })).headers["location"], "https://www.example.com/x");
      },
    ],
  ];

  for (const [name, proof] of examples) {
    it(`${name} serves as its files say, and ends in order`, async () => {
      said = "";
      quickStart = launch(name);
      try {
        await untilSaid(/Ctrl-C stops all/);
        await proof();
        quickStart.kill("SIGTERM");
        const [code] = await once(quickStart, "close");
        assert.equal(code, 0, said);
      } finally {
        quickStart.kill("SIGKILL");
      }
    });
  }

  it("that there is not is told with those that there are", async () => {
    said = "";
    const [code] = await once(launch("nope"), "close");
    assert.equal(code, 2);
    assert.match(
      said,
      /there is no example "nope": there are quick-start, single, teams, grpc, identity, internal-token, limits, edge-domain, edge-bff/,
    );
  });
});
