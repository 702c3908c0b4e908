// Steady load on a gateway, in a process of its own on Node, so that what a test does meanwhile neither slows it nor hides a failure.
// Every request that does not get the right answer is a failure: none is sent again. Plan in argv[2], one command a line on standard
// input, one line of JSON for each on standard output.

import { Agent, type ClientRequest, type IncomingMessage, request as requestPlain } from "node:http";
import { request as requestTls, Agent as TlsAgent } from "node:https";
import type { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { TLSSocket } from "node:tls";
import type { Failure, LoadCommand, LoadPlan, LoadReport } from "./load-messages.ts";

const TIMEOUT_MS = 15_000;
const MOST_LISTED = 100;

const plan = JSON.parse(process.argv[2] ?? "") as LoadPlan;
const failures: Failure[] = [];
const revisions: Record<string, number> = {};
const certificates: Record<string, number> = {};
let timesMs: number[] = [];
let sent = 0;
let answered = 0;
let failed = 0;
let connections = 0;
let underWay = 0;
let oldest = 0;
let isOver = false;
let stopped: (() => void) | null = null;

const seen = new WeakSet<Socket>();

function createAgent(keepAlive: boolean): Agent {
  const options = { keepAlive, maxSockets: keepAlive ? 1 : Number.POSITIVE_INFINITY };
  // Without sessions: each connection shakes hands in full, and is shown a certificate.
  return plan.tls === null ? new Agent(options) : new TlsAgent({ ...options, ca: plan.tls.ca, maxCachedSessions: 0 });
}

const freshAgent = createAgent(false);

/** Resolves when it is answered or has failed. */
function ask(agent: Agent): Promise<void> {
  return new Promise((resolve) => {
    const id = `${process.pid}-${sent++}`;
    const isPost = sent % 3 === 0;
    const begunMs = performance.now();
    const expected = oldest;
    underWay++;
    let socket: Socket | null = null;
    let done = false;
    const finish = (problem: string | null) => {
      if (done) return;
      done = true;
      underWay--;
      clearTimeout(late);
      if (problem === null) {
        answered++;
        timesMs.push(performance.now() - begunMs);
      } else {
        failed++;
        if (failures.length < MOST_LISTED) failures.push({ reason: problem, localPort: socket?.localPort ?? localPort, atMs: Date.now() });
      }
      if (isOver && underWay === 0) stopped?.();
      resolve();
    };
    let localPort = 0;
    const request = send(agent, id, isPost);
    const late = setTimeout(() => request.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
    request.on("socket", (given: Socket) => {
      socket = given;
      if (!given.connecting) localPort = given.localPort ?? 0;
      watch(given, () => {
        localPort = given.localPort ?? 0;
      });
    });
    request.on("error", (error) => finish(error.message));
    request.on("response", (response) => void read(response, id, expected).then(finish));
    request.end(isPost ? "{}" : undefined);
  });
}

function send(agent: Agent, id: string, isPost: boolean): ClientRequest {
  const { host, port, tls } = plan;
  const options = { host, port, agent, method: isPost ? "POST" : "GET", path: `/load?n=${id}` };
  return tls === null ? requestPlain(options) : requestTls({ ...options, servername: tls.serverName });
}

function watch(socket: Socket, onOpen: () => void): void {
  if (seen.has(socket)) return;
  seen.add(socket);
  socket.once("connect", onOpen);
  socket.once(plan.tls === null ? "connect" : "secureConnect", () => {
    connections++;
    if (plan.tls === null) return;
    const { fingerprint256 } = (socket as TLSSocket).getPeerCertificate();
    certificates[fingerprint256] = (certificates[fingerprint256] ?? 0) + 1;
  });
}

/** Resolves to what is wrong with the answer. */
async function read(response: IncomingMessage, id: string, expected: number): Promise<string | null> {
  let body = "";
  try {
    for await (const chunk of response.setEncoding("latin1")) body += chunk;
  } catch (error) {
    return `the answer was cut: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (response.statusCode !== 200) return `status ${response.statusCode}: ${body.slice(0, 200)}`;
  if (!body.includes(`"url":"/load?n=${id}"`)) return `another body: ${body.slice(0, 200)}`;
  const revision = String(response.headers["x-revision"]);
  revisions[revision] = (revisions[revision] ?? 0) + 1;
  return Number(revision) < expected ? `revision ${revision} after ${expected} was in force` : null;
}

async function askAgainAndAgain(index: number): Promise<void> {
  const agent = createAgent(true);
  const everyMs = (plan.connections / plan.rate) * 1000;
  let dueMs = performance.now() + (index / plan.connections) * everyMs;
  while (!isOver) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    if (isOver) break;
    // What was late is not made up for by a burst.
    dueMs = Math.max(dueMs + everyMs, performance.now());
    if (sent % plan.freshEvery === 0) void ask(freshAgent);
    await ask(agent);
  }
  agent.destroy();
}

function report(): LoadReport {
  const sorted = timesMs.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { sent, answered, failed, failures, connections, revisions, certificates, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

async function obey(command: LoadCommand): Promise<object> {
  switch (command.type) {
    case "expect":
      oldest = command.revision;
      return {};
    case "resetTimes":
      timesMs = [];
      return {};
    case "stop":
      isOver = true;
      if (underWay > 0) {
        await new Promise<void>((resolve) => {
          stopped = resolve;
        });
      }
      return report();
    case "report":
      return report();
  }
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const command = JSON.parse(line) as LoadCommand;
  void obey(command).then((answer) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    if (command.type === "stop") process.stdin.destroy();
  });
});
// The test is gone, however it ended.
lines.on("close", () => process.exit(0));
for (let index = 0; index < plan.connections; index++) void askAgainAndAgain(index);
