// Runs a file of route tests: the gateway that it names, in process, one request after the other. What is printed is the command's business.

import { dirname, resolve } from "node:path";
import { type Clock, systemClock } from "../../base/index.ts";
import { type Issue, type LoadedConfig, loadConfig, parseRouteTests, type RouteTest, type RouteTestReply } from "../../config/index.ts";
import { BlueprintError } from "../../gateway/index.ts";
import {
  createTestConfigHost,
  createTestGateway,
  hang,
  type Reply,
  type RequestOptions,
  reset,
  type TestGateway,
  type TestPrincipal,
  type TestResponse,
} from "../../testing/index.ts";
import { compare, type RouteTestFailure } from "./compare.ts";

export interface RouteTestHost {
  /** Loads the configuration at an absolute path, with these variables and no other; from the disk when left out. */
  readonly load?: (file: string, env: Readonly<Record<string, string>>) => LoadedConfig | Promise<LoadedConfig>;
  /** For durations. */
  readonly clock?: Clock;
}

export interface RouteTestResult {
  readonly name: string;
  /** On which the test begins in its file. */
  readonly line: number;
  readonly passed: boolean;
  readonly failures: readonly RouteTestFailure[];
  readonly durationMs: number;
}

export interface RouteTestReport {
  /** Mistakes in the test file or in the configuration; nothing has run then. */
  readonly issues: readonly Issue[];
  readonly results: readonly RouteTestResult[];
}

// More than any timeout that somebody tests; it costs nothing.
const LONGEST_ANSWER_MS = 3_600_000;
/** Time passes in steps, each twice as long, so that little more passes than an answer takes. */
const FIRST_STEP_MS = 10;

const DEFAULT_NOW = "2026-01-01T00:00:00Z";

/** `text` is the content of `file`, to whose folder the path of the configuration belongs. Never throws for what users write. */
export async function runRouteTests(text: string, file: string, host: RouteTestHost = {}): Promise<RouteTestReport> {
  const { file: tests, lines, issues } = parseRouteTests(text, file);
  if (tests === null) return { issues, results: [] };
  const configFile = resolve(dirname(file), tests.config);
  const nowMs = new Date(tests.now ?? DEFAULT_NOW).getTime();
  if (Number.isNaN(nowMs)) return refuseTests(file, "now", 1, "`now` must be a date such as `2026-01-01T00:00:00Z`");
  const fromDisk = () => loadConfig(configFile, createTestConfigHost({ env: tests.env }, nowMs));
  const loaded = await (host.load?.(configFile, tests.env) ?? fromDisk());
  if (loaded.config === null) return { issues: loaded.issues, results: [] };
  const { config } = loaded;
  for (const name of Object.keys(tests.upstreams)) {
    if (!config.upstreams.some((upstream) => upstream.name === name))
      return refuseTests(file, "upstreams", 1, `the configuration has no upstream \`${name}\``);
  }
  for (const [index, { request }] of tests.tests.entries()) {
    const listener = "listener" in request ? request.listener : undefined;
    if (listener !== undefined && !config.listeners.some(({ name }) => name === listener))
      return refuseTests(file, `tests[${index}].request.listener`, lines[index] ?? 1, `the configuration has no listener \`${listener}\``);
    const identity = "as" in request ? request.as?.identity : undefined;
    if (identity !== undefined && !config.identities.some(({ name }) => name === identity))
      return refuseTests(
        file,
        `tests[${index}].request.as.identity`,
        lines[index] ?? 1,
        `the configuration has no identity \`${identity}\``,
      );
  }
  const clock = host.clock ?? systemClock;
  const open = () => createTestGateway({ resolved: config, now: new Date(nowMs) });
  let gateway: TestGateway;
  try {
    gateway = await open();
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error;
    return {
      issues: [{ code: "SP_CONFIG_BAD_VALUE", severity: "error", path: "", file: configFile, line: 1, column: 1, message: error.message }],
      results: [],
    };
  }
  const results: RouteTestResult[] = [];
  for (const [index, test] of tests.tests.entries()) {
    const startedMs = clock.now();
    // Each test is for itself: what others were counted for is none of its business.
    if (index > 0 && config.rateLimits.length > 0) {
      await gateway.close();
      gateway = await open();
    }
    setReplies(gateway, tests.upstreams, test);
    const failures = await run(gateway, test);
    results.push({
      name: test.name,
      line: lines[index] ?? 1,
      passed: failures.length === 0,
      failures,
      durationMs: clock.now() - startedMs,
    });
  }
  await gateway.close();
  return { issues: loaded.issues, results };
}

function refuseTests(file: string, path: string, line: number, message: string): RouteTestReport {
  const code = path === "now" ? "SP_CONFIG_BAD_VALUE" : "SP_CONFIG_UNKNOWN_REFERENCE";
  return { issues: [{ code, severity: "error", path, file, line, column: 1, message }], results: [] };
}

function setReplies(gateway: TestGateway, replies: Readonly<Record<string, RouteTestReply>>, test: RouteTest): void {
  for (const upstream of gateway.upstreams) {
    const reply = test.upstream ?? replies[upstream.name];
    upstream.forget();
    if (reply?.fail === "refuse") upstream.refuseConnections();
    else upstream.acceptConnections();
    upstream.handle(toReply(reply));
  }
}

function toReply(reply: RouteTestReply | undefined): Reply | undefined {
  if (reply === undefined) return undefined;
  if (reply.fail === "reset") return reset();
  if (reply.fail === "hang") return hang();
  const { status, headers, body, delay } = reply;
  return { status, ...(headers !== undefined && { headers }), ...(body !== undefined && { body }), ...(delay !== undefined && { delay }) };
}

async function run(gateway: TestGateway, test: RouteTest): Promise<RouteTestFailure[]> {
  try {
    for (let nth = 1; nth < test.repeat; nth++) {
      await send(gateway, test);
      for (const upstream of gateway.upstreams) upstream.forget();
    }
    const response = await send(gateway, test);
    const requests = gateway.upstreams.flatMap((upstream) => upstream.requests);
    return compare(test.expect, response, requests);
  } catch (error) {
    return [{ what: "answer", expected: "an answer", actual: error instanceof Error ? error.message : String(error) }];
  }
}

async function send(gateway: TestGateway, test: RouteTest): Promise<TestResponse> {
  const { line, as, ...options } = { as: undefined, ...test.request };
  let isAnswered = false;
  const answered = () => {
    isAnswered = true;
  };
  const pending = gateway.request(line, dropUndefined<RequestOptions>({ ...options, as: as && dropUndefined<TestPrincipal>(as) }));
  pending.then(answered, answered);
  await gateway.settle();
  // One turn for the answer to be told.
  await null;
  for (let stepMs = FIRST_STEP_MS; !isAnswered && stepMs < LONGEST_ANSWER_MS; stepMs *= 2) {
    await gateway.clock.advance(stepMs);
    await null;
  }
  return pending;
}

function dropUndefined<Whole extends object>(part: { readonly [Key in keyof Whole]?: Whole[Key] | undefined }): Whole {
  return Object.fromEntries(Object.entries(part).filter(([, value]) => value !== undefined)) as Whole;
}
