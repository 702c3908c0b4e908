// Plays one upstream response on a stage and says what the client made of it, and what became of the upstream connection.

import {
  ECHO,
  echoOf,
  RawClient,
  type RawMessage,
  readHead,
  readResponse,
  type Stage,
  statusOf,
  type UpstreamRecord,
  type UpstreamScript,
  valuesOf,
} from "../kit/index.ts";
import { problemsOfRefusal } from "./problems.ts";
import { isAsExpected } from "./request-runner.ts";
import type { ResponseCase, ResponseOutcome } from "./responses/index.ts";

const PROBE = "GET /probe HTTP/1.1\r\nHost: a.example\r\n\r\n";

interface Read {
  readonly interim: readonly number[];
  readonly final: RawMessage | null;
  /** The final response has begun and is not complete. */
  readonly isUnfinished: boolean;
  readonly problem: string | null;
}

/** Plays the response in these pieces; returns what went otherwise than the table expects. */
export async function playResponse(stage: Stage, response: ResponseCase, pieces: readonly string[]): Promise<string[]> {
  const { upstream } = stage;
  upstream.forget();
  const openBefore = stage.openConnections();
  const asked: UpstreamRecord[] = [];
  upstream.script = recordingFirst(asked);
  const client = new RawClient(stage.transport, stage.gateway);
  client.send(response.request);
  await stage.settle(() => asked.length > 0);
  const [record] = asked;
  if (record === undefined) return ["the upstream never saw the request"];
  await answer(stage, record, response, pieces);
  await stage.settle(() => isAnswered(client, response));
  const problems = problemsOfClient(client, response);
  problems.push(...(await problemsOfReuse(stage, record, response)));
  client.close();
  upstream.closeConnections();
  await stage.settle(() => true);
  if (stage.openConnections() > openBefore) problems.push("the gateway holds on to a connection whose client has left");
  return problems;
}

/** Keeps the connection on which the case's request came, unanswered; everything else is echoed. */
function recordingFirst(asked: UpstreamRecord[]): UpstreamScript {
  return {
    onHead() {},
    onRequest(connection, request) {
      if (/^[A-Z]+ \/first /.test(request.startLine)) asked.push(connection);
      else ECHO.onRequest(connection, request);
    },
  };
}

async function answer(stage: Stage, record: UpstreamRecord, response: ResponseCase, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    record.send(piece);
    stage.pump();
  }
  if (response.afterwards === "fin") record.end();
  // A reset overtakes what has not been read; the case is about what comes after.
  if (response.afterwards === "reset") {
    await stage.settle(() => true);
    record.reset();
  }
}

function isAnswered(client: RawClient, response: ResponseCase): boolean {
  const read = readAnswer(client, response);
  return (read.final !== null && (!response.clientCloses || client.ended)) || read.problem !== null || client.ended;
}

function readAnswer(client: RawClient, response: ResponseCase): Read {
  const method = response.request.slice(0, response.request.indexOf(" "));
  const interim: number[] = [];
  let at = 0;
  try {
    for (;;) {
      const message = readResponse(client.text, at, method, client.ended && client.error === null);
      if (message === null) {
        return { interim, final: null, isUnfinished: readHead(client.text, at) !== null, problem: null };
      }
      if (statusOf(message) >= 200) {
        const rest = client.text.slice(message.end);
        return {
          interim,
          final: message,
          isUnfinished: false,
          problem: rest === "" ? null : `more than one response: ${JSON.stringify(rest.slice(0, 60))}`,
        };
      }
      interim.push(statusOf(message));
      at = message.end;
    }
  } catch (error) {
    return { interim, final: null, isUnfinished: false, problem: String(error) };
  }
}

function problemsOfClient(client: RawClient, response: ResponseCase): string[] {
  const read = readAnswer(client, response);
  const problems: string[] = [];
  if (read.problem !== null) problems.push(`the client got ${read.problem}`);
  const { outcome } = response;
  if (outcome.kind === "broken") return [...problems, ...problemsOfBroken(client, read)];
  if (read.final === null) return [...problems, `the client got no whole response: ${JSON.stringify(client.text.slice(0, 120))}`];
  if (client.ended !== response.clientCloses)
    problems.push(client.ended ? "the client's connection was closed" : "the client's connection was not closed");
  if (outcome.kind === "served") problems.push(...problemsOfServed(read, read.final, outcome));
  else if (statusOf(read.final) !== 502) problems.push(`the client got ${statusOf(read.final)}, expected 502`);
  else problems.push(...problemsOfRefusal(read.final, false, undefined));
  return problems;
}

/** A bad body: 502 when nothing had been sent, or a beginning and then the end of the connection. */
function problemsOfBroken(client: RawClient, read: Read): string[] {
  if (read.final !== null)
    return statusOf(read.final) === 502
      ? problemsOfRefusal(read.final, false, undefined)
      : ["the client got a whole response of a broken one"];
  if (!client.ended) return ["the client waits for the rest of a response that will not come"];
  // A reset may overtake the beginning; a FIN must not come without it.
  return read.isUnfinished || client.error !== null ? [] : ["the client got neither 502 nor the beginning of a response"];
}

function problemsOfServed(read: Read, final: RawMessage, outcome: Extract<ResponseOutcome, { kind: "served" }>): string[] {
  const problems: string[] = [];
  if (statusOf(final) !== outcome.status) problems.push(`the client got ${statusOf(final)}, expected ${outcome.status}`);
  if (final.body !== outcome.body)
    problems.push(`the client got the body ${JSON.stringify(final.body)}, expected ${JSON.stringify(outcome.body)}`);
  if (read.interim.join() !== outcome.interim.join())
    problems.push(`the client got the interim responses ${read.interim.join()}, expected ${outcome.interim.join()}`);
  const trailers = Object.fromEntries(final.trailers);
  if (JSON.stringify(trailers) !== JSON.stringify(outcome.trailers))
    problems.push(`the client got the trailers ${JSON.stringify(trailers)}`);
  for (const [name, value] of Object.entries(outcome.fields)) {
    const values = valuesOf(final, name);
    if (!isAsExpected(values, value)) problems.push(`the client got ${name}: ${JSON.stringify(values)}, expected ${JSON.stringify(value)}`);
  }
  return problems;
}

/** Another client asks: it gets its own answer, and over the same upstream connection only where that is safe. */
async function problemsOfReuse(stage: Stage, record: UpstreamRecord, response: ResponseCase): Promise<string[]> {
  const { upstream } = stage;
  const problems: string[] = [];
  await stage.settle(() => record.dropped || response.reuses);
  if (!response.reuses && !record.dropped) problems.push("the upstream connection was kept");
  const readBefore = record.at;
  const seenBefore = upstream.seen.length;
  const other = new RawClient(stage.transport, stage.gateway);
  other.send(PROBE);
  await stage.settle(() => other.text.endsWith("GET /probe"));
  if (upstream.seen.slice(seenBefore).map(echoOf).join() !== "GET /probe" || !other.text.endsWith("\r\n\r\nGET /probe"))
    problems.push(`the next request got ${JSON.stringify(other.text.slice(0, 120))}`);
  const isReused = record.at > readBefore;
  if (isReused !== response.reuses)
    problems.push(isReused ? "the upstream connection was reused" : "the upstream connection was not reused");
  other.close();
  return problems;
}
