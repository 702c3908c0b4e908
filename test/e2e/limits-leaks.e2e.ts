// Storms of requests that end in every way there is: whatever was held for them is free again when they are over.

import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect } from "node:net";
import { after, describe, it } from "node:test";
import { RedisServer, whyNoRedis } from "../kit/redis-servers.ts";
import { Client, countStatuses } from "./limited-gateways.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep } from "./processes.ts";

const AT_ONCE = 12;
const ROUNDS = 40;

function configure(folder: string, workers: number, service: string, redis: string | null): string {
  const shared = redis === null ? "" : ", store: redis, onStoreFailure: closed";
  return `version: 1
gateway: { name: leaks, workers: ${workers}, watch: false, stateDir: ${folder}/state-${workers}-${redis === null}, loadShedding: { minimum: 400, maximum: 1000 } }
${redis === null ? "" : `counters: { redis: { url: "${redis}", timeout: 2s } }`}
listeners: [{ name: main, address: "127.0.0.1:0", protocols: ["h2", "http/1.1"] }]
admin: { address: "127.0.0.1:0" }
upstreams: { main: { endpoints: ["${service}"], loadShedding: { minimum: 400, maximum: 1000 } } }
rateLimits:
  held: { key: global, concurrency: { limit: ${AT_ONCE} }${shared} }
  wide: { key: ip, slidingWindow: { limit: 1000000, window: 1h }${shared} }
routes:
  - name: held
    match: { path: "/held/*" }
    public: true
    upstream: main
    rewrite: { path: "/*" }
    timeout: 300ms
    rateLimits: [held, wide]
telemetry: { accessLog: off }
`;
}

/** Sends text and leaves after a while; whatever comes back is nobody's. */
async function leaveAfter(port: number, text: string, ms: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  await once(socket, "connect").catch(() => undefined);
  socket.write(text);
  await sleep(ms);
  if (ms % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
}

const HOST = "Host: a.test\r\n";
const UPGRADE = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
/** Ways to ask over HTTP/1.1: answered, hung, refused early, broken off in their bodies, several behind one another, and upgraded. */
const WORDS: readonly string[] = [
  `GET /held/page HTTP/1.1\r\n${HOST}\r\n`,
  `GET /held/hang HTTP/1.1\r\n${HOST}\r\n`,
  `GET /held/slow?ms=20 HTTP/1.1\r\n${HOST}\r\n`,
  `GET /held/endless HTTP/1.1\r\n${HOST}\r\n`,
  `POST /held/echo HTTP/1.1\r\n${HOST}Content-Length: 100\r\n\r\nsome`,
  `POST /held/echo HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n`,
  `POST /held/echo HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 4\r\n\r\n`,
  `POST /held/echo HTTP/1.1\r\n${HOST}Content-Length: 99999999999\r\n\r\n`,
  `GET /held/page HTTP/1.1\r\n${HOST}\r\nGET /held/hang HTTP/1.1\r\n${HOST}\r\nGET /held/page HTTP/1.1\r\n${HOST}\r\n`,
  `OPTIONS /held/page HTTP/1.1\r\n${HOST}\r\n`,
  `WHATEVER /held/page HTTP/1.1\r\n${HOST}\r\n`,
  `GET /held/websocket HTTP/1.1\r\n${HOST}${UPGRADE}\r\n`,
  `GET /held/%2e%2e/held/page HTTP/1.1\r\n${HOST}\r\n`,
];

async function stormHttp1(port: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(WORDS.map((words, index) => leaveAfter(port, words, (round * 7 + index * 3) % 45)));
  }
}

/** How many were waited for, and answered. */
async function stormHttp2(url: string): Promise<number> {
  let answered = 0;
  for (let round = 0; round < ROUNDS / 4; round++) {
    const session: ClientHttp2Session = connectHttp2(url);
    session.on("error", () => undefined);
    const paths = ["/held/page", "/held/hang", "/held/endless", "/held/slow?ms=20"];
    for (let stream = 0; stream < 24; stream++) {
      const request = session.request({ ":path": paths[stream % paths.length]!, ":authority": "a.test" });
      request
        .on("error", () => undefined)
        .on("response", () => answered++)
        .resume();
      // At once, in the same breath, or later.
      if (stream % 3 === 0) request.close(8);
      else setTimeout(() => request.close(8), (stream * 5) % 40);
    }
    await sleep(45);
    const last = session.request({ ":path": "/held/page", ":authority": "a.test" });
    last.on("error", () => undefined).on("response", () => answered++);
    await Promise.race([once(last.resume(), "close").catch(() => undefined), sleep(2000)]);
    if (round % 2 === 0) session.destroy();
    else session.close();
  }
  return answered;
}

async function gauges(gateway: GatewayProcess): Promise<readonly string[]> {
  const admin = /admin on (http:\/\/\S+)/.exec(gateway.err)?.[1];
  assert.ok(admin !== undefined, gateway.err);
  const text = await (await fetch(`${admin}/metrics`)).text();
  return [...text.matchAll(/^sallyport_load_shedding_in_flight\{[^}]*\} (\d+)/gm)].map(([, value]) => value!);
}

describe(`what is held for requests, on ${RUNTIME}`, () => {
  const stage = new Stage();
  const client = new Client();
  after(async () => {
    client.close();
    await stage.stop();
  });

  const show = (name: string, workers: number, isShared: boolean) => {
    it(`is free again after a storm of requests that end in every way, ${name}`, {
      timeout: 90_000,
      skip: isShared && whyNoRedis(),
    }, async () => {
      const redis = isShared ? await RedisServer.start() : null;
      if (redis !== null) stage.onStop(() => redis.stop());
      const service = await stage.startService();
      const gateway = await stage.startConfigured(configure(stage.folder, workers, service, redis?.url ?? null));
      const [answered] = await Promise.all([stormHttp2(gateway.url), stormHttp1(gateway.port)]);
      assert.ok(answered > 0);
      await sleep(1500);
      assert.equal(gateway.isAlive, true);
      for (let round = 0; round < 3; round++) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE + 3 }, () => client.ask(gateway, "/held/slow?ms=150")));
        assert.deepEqual(countStatuses(answers), { 200: AT_ONCE, 429: 3 });
        await sleep(100);
      }
      assert.deepEqual(await gauges(gateway), ["0", "0"]);
    });
  };
  show("counted by one process", 1, false);
  show("counted for two workers", 2, false);
  show("counted in Redis", 1, true);
});
