// The example in earnest: a gateway of two workers, the service and the issuer as processes, keys that rotate every three seconds.

import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import { type AddressInfo, createServer as createNet } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sallyport-internal-token-"));
const children: ChildProcess[] = [];
/** What an upstream that is not the service is shown. */
const seen: IncomingHttpHeaders[] = [];

let spy: Server;
let ports: Record<"public" | "internal" | "admin" | "users" | "orders", number>;
let userToken = "";

async function launch(file: string, ...args: string[]): Promise<void> {
  const runtime = process.versions["bun"] === undefined ? "node" : "bun";
  const child = fork(file, args, { env: { ...process.env, SALLYPORT_RUNTIME: runtime }, stdio: ["ignore", "ignore", "pipe", "ipc"] });
  children.push(child);
  let said = "";
  child.stderr?.on("data", (text: Buffer) => {
    said += text.toString();
  });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", () => reject(new Error(`${file} ended: ${said}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createNet();
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

const request = (port: number, path: string, headers: Record<string, string> = {}) => fetch(`http://127.0.0.1:${port}${path}`, { headers });
const throughGateway = (path = "/orders/1") => request(ports.public, path, { Authorization: `Bearer ${userToken}` });
const directly = (token: string) => request(ports.orders, "/orders/1", { "X-Internal-Token": token });
const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;

const kidOf = (token: string) => (JSON.parse(Buffer.from(token.split(".")[0] ?? "", "base64url").toString()) as { kid: string }).kid;

async function publishedKids(): Promise<string[]> {
  const { keys } = (await (await request(ports.internal, "/.well-known/jwks.json")).json()) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** The token that the gateway showed an upstream just now. */
async function capture(path: string): Promise<string> {
  assert.equal((await throughGateway(path)).status, 200);
  return String(seen.at(-1)?.["x-internal-token"]);
}

before(async () => {
  spy = createServer((incoming, response) => {
    seen.push(incoming.headers);
    response.end();
  });
  await new Promise<void>((ready) => spy.listen(0, "127.0.0.1", ready));
  const spyPort = (spy.address() as AddressInfo).port;
  const [open = 0, internal = 0, admin = 0, users = 0, orders = 0] = await Promise.all(Array.from({ length: 5 }, freePort));
  ports = { public: open, internal, admin, users, orders };
  const text = readFileSync(at("gateway.yaml"), "utf8")
    .replace(":8080", `:${open}`)
    .replace(":8090", `:${internal}`)
    .replace(":9901", `:${admin}`)
    .replaceAll(":3004", `:${users}`)
    .replace(":3005", `:${orders}`)
    .replace("  name: shop\n", "  name: shop\n  workers: 2\n")
    .replace("audience: orders }", "audience: orders, ttl: 2s }")
    .replace(
      "\nroutes:\n",
      `  billing: { endpoints: ["http://127.0.0.1:${spyPort}"], internalToken: { audience: billing } }
  twin: { endpoints: ["http://127.0.0.1:${spyPort}"], internalToken: { audience: orders, ttl: 2s } }

internalKeys: { rotateEvery: 3s, overlap: 1s }

routes:
  - { name: billing, match: { path: /billing/* }, auth: [users], upstream: billing }
  - { name: twin, match: { path: /twin/* }, auth: [users], upstream: twin }
`,
    );
  writeFileSync(join(folder, "gateway.yaml"), text);
  await launch(at("users.ts"), String(users));
  await launch(at("orders.ts"), String(orders), `http://127.0.0.1:${internal}/.well-known/jwks.json`);
  await launch(at("../../bin/sallyport.mjs"), "start", join(folder, "gateway.yaml"));
  userToken = ((await (await request(users, "/token?sub=alice")).json()) as { token: string }).token;
});

after(async () => {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null) continue;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }
  spy.close();
  rmSync(folder, { recursive: true });
});

describe("the example of internal tokens", () => {
  it("serves who came through the gateway, and knows who that is", async () => {
    const response = await throughGateway();
    assert.equal(response.status, 200);
    const { caller } = (await response.json()) as { caller: Record<string, unknown> };
    assert.deepEqual(caller, {
      id: "alice",
      identity: "users",
      source: "jwt",
      tenant: "acme",
      roles: ["customer"],
      scopes: [],
      claims: {},
      deadlineMs: null,
    });
  });

  it("refuses who goes past it, with the user's own token or without", async () => {
    assert.equal(await codeOf(await request(ports.orders, "/orders/1")), "NO_TOKEN");
    assert.equal((await request(ports.orders, "/orders/1", { Authorization: `Bearer ${userToken}` })).status, 401);
    assert.equal(await codeOf(await directly(userToken)), "BAD_TOKEN");
  });

  it("refuses a token of the gateway's that was meant for another service", async () => {
    const response = await directly(await capture("/billing/1"));
    assert.equal(response.status, 401);
    assert.equal(await codeOf(response), "WRONG_AUDIENCE");
  });

  it("goes on through three rotations, and refuses a token of before them", async () => {
    const old = await capture("/twin/1");
    assert.equal((await directly(old)).status, 200, "a token is its bearer's while it is good");
    const signers = new Set([kidOf(old)]);
    while (signers.size < 4) {
      const response = await throughGateway();
      assert.equal(response.status, 200, await response.text());
      const kid = kidOf(await capture("/twin/1"));
      assert.ok((await publishedKids()).includes(kid), "a key that signs is published");
      signers.add(kid);
    }
    assert.equal((await throughGateway()).status, 200);
    const response = await directly(old);
    assert.equal(response.status, 401);
    assert.equal(await codeOf(response), "EXPIRED");
  });
});
