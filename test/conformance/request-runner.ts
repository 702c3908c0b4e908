// Plays one case of the request table on a stage and says what went otherwise than the table expects.

import {
  ECHO,
  echoOf,
  RawClient,
  type RawHead,
  type RawMessage,
  readHead,
  readResponse,
  SILENT,
  type Stage,
  statusOf,
  type UpstreamScript,
  valuesOf,
} from "../kit/index.ts";
import { problemsOfForwarded, problemsOfRefusal } from "./problems.ts";
import type { FieldExpectation, RequestCase, SeenRequest, UpstreamManner } from "./requests/index.ts";

const PROBE = "GET /probe HTTP/1.1\r\nHost: a.example\r\n\r\n";

const EARLY: UpstreamScript = {
  onHead(connection) {
    connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 5\r\n\r\nearly");
  },
  onRequest: ECHO.onRequest,
};

const SCRIPTS: Readonly<Record<UpstreamManner, UpstreamScript>> = { echo: ECHO, early: EARLY, mute: SILENT };

export interface Played {
  /** Empty when the table is met. */
  readonly problems: readonly string[];
  /** Final statuses, for comparing one way of cutting with another. */
  readonly statuses: readonly number[];
}

/** Sends the pieces one after the other, each when the one before has had all its effects. */
export async function playRequest(stage: Stage, request: RequestCase, pieces: readonly string[]): Promise<Played> {
  const { upstream } = stage;
  upstream.forget();
  const openBefore = stage.openConnections();
  upstream.script = SCRIPTS[request.manner];
  const client = new RawClient(stage.transport, stage.gateway);
  for (const piece of pieces) {
    client.send(piece);
    stage.pump();
  }
  const awaited = request.statuses.length;
  // Over real sockets the upstream hears of a request that is given up after the client hears of its answer.
  const isLeft = () => !request.mayBegin || upstream.records.every(({ unfinished, dropped }) => unfinished === "" || dropped);
  const isAnswered = () => (request.closes ? client.ended : finals(client, request).length >= awaited);
  await stage.settle(() => isAnswered() && upstream.seen.length >= request.upstream.length && isLeft());
  const answers = finals(client, request);
  const problems = [...problemsOfClient(client, answers, request), ...problemsOfUpstream(stage, request)];
  if (!request.closes && problems.length === 0) problems.push(...(await probe(stage, client, request)));
  client.close();
  await stage.settle(() => true);
  if (stage.openConnections() > openBefore) problems.push("the gateway holds on to a connection whose client has left");
  return { problems, statuses: answers.map(statusOf) };
}

/** The final responses so far, as far as they can be read. */
function finals(client: RawClient, request: RequestCase): RawMessage[] {
  return readAll(client, request).finals;
}

function readAll(client: RawClient, request: RequestCase): { finals: RawMessage[]; rest: string; problem: string | null } {
  const finals: RawMessage[] = [];
  let at = 0;
  try {
    while (at < client.text.length) {
      const method = request.headAnswers.includes(finals.length) ? "HEAD" : "GET";
      const response = readResponse(client.text, at, method, client.ended);
      if (response === null) break;
      at = response.end;
      if (statusOf(response) >= 200) finals.push(response);
    }
  } catch (error) {
    return { finals, rest: "", problem: String(error) };
  }
  return { finals, rest: client.text.slice(at), problem: null };
}

function problemsOfClient(client: RawClient, answers: readonly RawMessage[], request: RequestCase): string[] {
  const { rest, problem } = readAll(client, request);
  const problems: string[] = [];
  const statuses = answers.map(statusOf);
  if (problem !== null) problems.push(`the client got a malformed response: ${problem}`);
  if (rest !== "") problems.push(`the client got half a response: ${JSON.stringify(rest.slice(0, 60))}`);
  if (statuses.join() !== request.statuses.join())
    problems.push(`the client got ${JSON.stringify(statuses)}, expected ${JSON.stringify(request.statuses)}`);
  if (client.ended !== request.closes) problems.push(client.ended ? "the connection was closed" : "the connection was not closed");
  if (client.error !== null) problems.push(`the connection broke: ${client.error}`);
  const served = request.upstream;
  let next = 0;
  for (const [i, answer] of answers.entries()) {
    const status = statusOf(answer);
    if (status === 200) {
      const seen = served[next++];
      const body = seen === undefined || request.headAnswers.includes(i) ? "" : `${seen.method} ${seen.target}`;
      if (answer.body !== body) problems.push(`answer ${i} belongs to ${JSON.stringify(answer.body)}, expected ${JSON.stringify(body)}`);
    } else if (status >= 400 && request.manner === "echo") {
      const isLast = i === answers.length - 1;
      problems.push(...problemsOfRefusal(answer, request.closes && isLast, isLast ? request.code : undefined));
    }
  }
  return problems;
}

function problemsOfUpstream(stage: Stage, request: RequestCase): string[] {
  const { seen, records } = stage.upstream;
  const problems: string[] = [];
  if (seen.length !== request.upstream.length) {
    problems.push(
      `the upstream saw ${JSON.stringify(seen.map(echoOf))}, expected ${JSON.stringify(request.upstream.map((each) => `${each.method} ${each.target}`))}`,
    );
  } else {
    for (const [i, expected] of request.upstream.entries()) {
      const each = seen[i];
      if (each !== undefined) problems.push(...problemsOfSeen(each, expected));
    }
  }
  for (const each of seen) problems.push(...problemsOfForwarded(each));
  for (const record of records) {
    if (record.problem !== null) problems.push(`the upstream got what is no request: ${record.problem}`);
    if (record.unfinished === "") continue;
    if (!request.mayBegin) problems.push(`the upstream saw the beginning of ${JSON.stringify(record.unfinished.slice(0, 60))}`);
    else if (!record.dropped) problems.push("the upstream waits for the rest of a request that will not come");
    const head = toHead(record.unfinished);
    if (head !== null) problems.push(...problemsOfForwarded(head));
  }
  return problems;
}

function toHead(text: string): RawHead | null {
  try {
    return readHead(text, 0);
  } catch {
    return null;
  }
}

function problemsOfSeen(seen: RawMessage, expected: SeenRequest): string[] {
  const problems: string[] = [];
  const line = `${expected.method} ${expected.target}`;
  if (echoOf(seen) !== line) problems.push(`the upstream saw ${JSON.stringify(echoOf(seen))}, expected ${JSON.stringify(line)}`);
  if (seen.body !== expected.body)
    problems.push(
      `the upstream saw the body ${JSON.stringify(seen.body.slice(0, 80))}, expected ${JSON.stringify(expected.body.slice(0, 80))}`,
    );
  if (seen.framing !== expected.framing) problems.push(`the upstream saw a body framed by ${seen.framing}, expected ${expected.framing}`);
  for (const [name, value] of Object.entries(expected.fields)) {
    const values = valuesOf(seen, name);
    if (!isAsExpected(values, value))
      problems.push(`the upstream saw ${name}: ${JSON.stringify(values)}, expected ${JSON.stringify(value)}`);
  }
  return problems;
}

/** Whether the field lines are what the table says. */
export function isAsExpected(values: readonly string[], expected: FieldExpectation): boolean {
  const wanted = expected === null ? [] : [expected].flat();
  return values.length === wanted.length && values.every((value, i) => value === wanted[i]);
}

/** A connection that lives on must be in step on both sides: one more request gets its own answer. */
async function probe(stage: Stage, client: RawClient, request: RequestCase): Promise<string[]> {
  const { upstream } = stage;
  const seenBefore = upstream.seen.length;
  const answeredBefore = finals(client, request).length;
  client.send(PROBE);
  await stage.settle(() => finals(client, request).length > answeredBefore);
  const answers = finals(client, request).slice(answeredBefore);
  const bodies = answers.map((answer) => answer.body);
  const lines = upstream.seen.slice(seenBefore).map(echoOf);
  if (bodies.join() === "GET /probe" && lines.join() === "GET /probe") return [];
  return [`a request afterwards got ${JSON.stringify(bodies)}, and the upstream saw ${JSON.stringify(lines)}`];
}
