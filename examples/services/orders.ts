// The orders: list, get and create, and a stream of server-sent events that tells of each new one.
// Run by ../run.ts; alone: `node examples/services/orders.ts 3002`.
import type { ServerResponse } from "node:http";
import { readJson, sendJson, sendProblem, serve } from "./service.ts";

interface Order {
  readonly id: number;
  readonly productId: number;
  readonly quantity: number;
  readonly placedAt: string;
}

// The oldest give way: an example that runs for weeks must not fill the memory.
const MAX_ORDERS = 1000;
// Keeps proxies and NATs from taking the stream for idle.
const HEARTBEAT_MS = 15_000;

const orders = new Map<number, Order>();
const watchers = new Set<ServerResponse>();
let lastId = 0;

place(1, 2);

serve("orders", Number(process.argv[2] ?? 3002), async (request, response, url) => {
  if (url.pathname === "/orders/events") return watch(response);

  if (url.pathname === "/orders") {
    if (request.method === "GET") return sendJson(response, 200, { orders: [...orders.values()] });
    if (request.method !== "POST") return sendProblem(response, 405, "Only GET and POST", { Allow: "GET, POST" });
    const wanted = await readJson(request);
    if (!isOrder(wanted)) return sendProblem(response, 400, "An order is {productId, quantity}, both whole numbers from 1 on");
    const order = place(wanted.productId, wanted.quantity);
    return sendJson(response, 201, order, { Location: `/api/orders/${order.id}` });
  }

  const id = /^\/orders\/([0-9]{1,9})$/.exec(url.pathname)?.[1];
  const order = orders.get(Number(id));
  if (order === undefined) return sendProblem(response, 404, "There is no such order");
  sendJson(response, 200, order);
});

function isOrder(value: unknown): value is { productId: number; quantity: number } {
  if (typeof value !== "object" || value === null) return false;
  const { productId, quantity } = value as Record<string, unknown>;
  return isCount(productId) && isCount(quantity);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function place(productId: number, quantity: number): Order {
  const order = { id: ++lastId, productId, quantity, placedAt: new Date().toISOString() };
  orders.set(order.id, order);
  if (orders.size > MAX_ORDERS) orders.delete(lastId - MAX_ORDERS);
  for (const watcher of watchers) watcher.write(`id: ${order.id}\nevent: placed\ndata: ${JSON.stringify(order)}\n\n`);
  return order;
}

function watch(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  response.write(": orders as they are placed\n\n");
  watchers.add(response);
  const heartbeat = setInterval(() => response.write(": still here\n\n"), HEARTBEAT_MS);
  response.on("close", () => {
    clearInterval(heartbeat);
    watchers.delete(response);
  });
}
