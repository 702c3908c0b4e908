// `npm start [EXAMPLE]`: the example services and the gateways of one example, started and stopped together, on the runtime that runs
// this file. A gateway in earnest is started by `sallyport start FILE` alone; this is only for trying it.
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

interface Part {
  readonly name: string;
  /** Relative to this file. */
  readonly file: string;
  readonly args: readonly string[];
  readonly ports: readonly number[];
}

interface Example {
  /** In the order in which they start; they stop in the opposite one, so that nothing in flight loses its service. */
  readonly parts: readonly Part[];
  /** What to try, a command a line. */
  readonly hints: readonly string[];
}

const CATALOG: Part = { name: "catalog", file: "./services/catalog.ts", args: ["3001"], ports: [3001] };
const ORDERS: Part = { name: "orders", file: "./services/orders.ts", args: ["3002"], ports: [3002] };

const STOCK: Part = { name: "stock", file: "./services/stock.ts", args: ["3003"], ports: [3003] };

const USERS: Part = { name: "users", file: "./internal-token/users.ts", args: ["3004"], ports: [3004] };

const EXAMPLES: Readonly<Record<string, Example>> = {
  "quick-start": {
    parts: [CATALOG, ORDERS, gateway("gateway", "./quick-start/gateway.yaml", 8080, 9901)],
    hints: [
      "curl http://127.0.0.1:8080/api/products/1",
      "curl -N http://127.0.0.1:8080/api/orders/events      (orders as they are placed)",
      "curl http://127.0.0.1:9901/metrics",
    ],
  },
  single: {
    parts: [CATALOG, ORDERS, gateway("gateway", "./single/gateway.yaml", 8080, 9901)],
    hints: [
      "curl -i http://127.0.0.1:8080/api/products/1",
      "curl -i http://127.0.0.1:8080/shop/products/1        (moved: 308)",
      "curl -i http://127.0.0.1:8080/api/orders -H 'X-Api-Version: 1'   (deprecated)",
    ],
  },
  teams: {
    parts: [CATALOG, ORDERS, gateway("gateway", "./teams/gateway.yaml", 8080, 9901)],
    hints: ["curl -i http://127.0.0.1:8080/api/products/1", "npx sallyport routes examples/teams/gateway.yaml"],
  },
  grpc: {
    parts: [STOCK, gateway("gateway", "./grpc/gateway.yaml", 8080, 9901)],
    hints: [
      "node scripts/run-ts.mjs examples/grpc/client.ts      (a gRPC client: two calls and a stream)",
      `printf '\\0\\0\\0\\0\\17{"productId":1}' | curl -s --data-binary @- http://127.0.0.1:8080/shop.v1.Stock/Get -H 'Content-Type: application/grpc-web'`,
      "curl -s http://127.0.0.1:9901/metrics | grep -E 'grpc_requests|http2_client|endpoint_healthy'",
    ],
  },
  identity: {
    parts: [CATALOG, ORDERS, USERS, gateway("gateway", "./identity/gateway.yaml", 8080, 9901)],
    hints: [
      "curl -s 'http://127.0.0.1:3004/token?sub=alice'      (a user's token)",
      "npx sallyport keys create examples/identity/gateway.yaml --owner globex --scope orders:read      (a partner's key)",
      "curl -i http://127.0.0.1:8080/orders/1 -H 'Authorization: Bearer TOKEN'      (or X-Api-Key: KEY; without either 401)",
    ],
  },
  "internal-token": {
    parts: [
      USERS,
      { name: "orders", file: "./internal-token/orders.ts", args: ["3005"], ports: [3005] },
      gateway("gateway", "./internal-token/gateway.yaml", 8080, 8090, 9901),
    ],
    hints: [
      "curl -s 'http://127.0.0.1:3004/token?sub=alice'      (a user's token)",
      "curl -i http://127.0.0.1:8080/orders/ -H 'Authorization: Bearer TOKEN'",
      "curl -i http://127.0.0.1:3005/orders/                (past the gateway: 401)",
    ],
  },
  limits: {
    parts: [CATALOG, ORDERS, gateway("gateway", "./limits/gateway.yaml", 8080, 9901)],
    hints: [
      "curl -i http://127.0.0.1:8080/orders/1 -H 'X-Customer: alice'      (three times: 429)",
      "for i in $(seq 12); do curl -s -o /dev/null -w '%{http_code} ' http://127.0.0.1:8080/products/1; done; echo",
      "curl -s http://127.0.0.1:9901/metrics | grep rate_limit_requests | grep -v ' 0$'",
    ],
  },
  "edge-domain": {
    parts: [
      CATALOG,
      ORDERS,
      gateway("commerce", "./edge-domain/commerce.yaml", 8081, 9902),
      gateway("edge", "./edge-domain/edge.yaml", 8080, 9901),
    ],
    hints: ["curl -i http://127.0.0.1:8080/commerce/products/1"],
  },
  "edge-bff": {
    parts: [
      CATALOG,
      ORDERS,
      gateway("web", "./edge-bff/web.yaml", 8081, 9902),
      gateway("mobile", "./edge-bff/mobile.ts", 8082, 9903),
      gateway("edge", "./edge-bff/edge.yaml", 8080, 9901),
    ],
    hints: [
      "curl -i http://127.0.0.1:8080/products/1 -H 'Host: www.example.com'",
      "curl -i http://127.0.0.1:8080/v1/catalog/1 -H 'Host: m.example.com'",
    ],
  },
};

// The gateway gives requests in flight 10 s.
const STOP_DEADLINE_MS = 12_000;

const running: { part: Part; child: ChildProcess; ended: Promise<void> }[] = [];
let stopping = false;

const chosen = process.argv[2] ?? "quick-start";
await run();

async function run(): Promise<void> {
  const example = EXAMPLES[chosen];
  if (example === undefined) {
    say(`there is no example "${chosen}": there are ${Object.keys(EXAMPLES).join(", ")}.`);
    process.exit(2);
  }
  for (const port of example.parts.flatMap((part) => part.ports)) {
    if (await isTaken(port)) {
      say(`port ${port} of 127.0.0.1 is taken: stop what listens there (ss -ltnp shows it), then try again.`);
      process.exit(3);
    }
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(0));
  process.on("disconnect", () => void stop(0));
  for (const part of example.parts) {
    if (!stopping) await launch(part);
  }
  if (stopping) return;
  for (const [index, hint] of example.hints.entries()) say(`${index === 0 ? "try:" : "    "} ${hint}`);
  say("Ctrl-C stops all");
}

function gateway(name: string, file: string, ...ports: readonly number[]): Part {
  return { name, file: "../bin/sallyport.mjs", args: ["start", pathTo(file)], ports };
}

/** Resolves when the part says over its channel that it listens, or has ended. */
async function launch(part: Part): Promise<void> {
  const child = fork(pathTo(part.file), part.args);
  const ended = new Promise<void>((resolve) => {
    child.on("exit", (code, signal) => {
      resolve();
      if (stopping) return;
      say(`${part.name} ended by itself (${signal ?? `exit code ${code}`}); stopping the rest.`);
      void stop(code === 0 || code === null ? 1 : code);
    });
  });
  running.push({ part, child, ended });
  const listens = new Promise<void>((resolve) => child.once("message", () => resolve()));
  await Promise.race([listens, ended]);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const deadline = setTimeout(() => {
    for (const { child } of running) child.kill("SIGKILL");
  }, STOP_DEADLINE_MS);
  for (const { child, ended } of running.toReversed()) {
    child.kill("SIGTERM");
    await ended;
  }
  clearTimeout(deadline);
  process.exit(exitCode);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

function pathTo(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function say(line: string): void {
  process.stderr.write(`${chosen}: ${line}\n`);
}
