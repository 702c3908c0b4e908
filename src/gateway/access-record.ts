// One line of the access log: everything that happened to one request, as JSON (requirement 6.1). @hot
// Nothing from the wire goes in unescaped, no field values but the user agent, and no query: they may hold secrets.

import { type FieldName, fieldName } from "../http/index.ts";
import { type Exchange, GRPC_STATUS_NAMES, grpcStatusOf } from "../pipeline/index.ts";
import { limitAsksOf, limitDelayOf } from "../policies/index.ts";
import { jsonFixed, jsonString, jsonWireString } from "../telemetry/index.ts";

const USER_AGENT: FieldName = fieldName("User-Agent");

let isoSecond = -1;
let isoText = "";

/** RFC 3339 with milliseconds; the seconds are made once each. */
function toIso(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== isoSecond) {
    isoSecond = second;
    // hot-exception: once a second, round-trip.bench.ts
    isoText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  const ms = Math.floor(wallMs - second * 1000);
  return `${isoText}${ms < 10 ? "00" : ms < 100 ? "0" : ""}${ms}Z`;
}

/** The line, without its line feed. Durations are in milliseconds; a phase that did not happen is absent. */
export function encodeAccessRecord(exchange: Exchange): string {
  const head = exchange.head;
  const wallMs = exchange.runtime.clock.wall() - (exchange.endedMs - exchange.startedMs);
  const status = exchange.response !== null && exchange.headSentMs > 0 ? exchange.response.status : (exchange.fault?.kind.status ?? 0);
  let line = `{"time":"${toIso(wallMs)}","requestId":"${exchange.requestId}","listener":${jsonString(exchange.client.facts.listener)}`;
  line += `,"client":"${exchange.clientAddress}","method":${jsonWireString(head.method)},"host":${jsonWireString(head.authority)}`;
  line += `,"path":${jsonWireString(toLoggedPath(head.target))},"protocol":"${toProtocol(exchange)}"`;
  line += `,"status":${status},"bytesIn":${exchange.requestBody?.received ?? 0},"bytesOut":${exchange.bytesOut}`;
  const grpcStatus = grpcStatusOf(exchange);
  if (grpcStatus >= 0) line += `,"grpcStatus":"${GRPC_STATUS_NAMES[grpcStatus]}"`;
  line += `,"durationMs":${jsonFixed(exchange.endedMs - exchange.startedMs, 3)}`;
  if (exchange.headSentMs > 0) line += `,"headMs":${jsonFixed(exchange.headSentMs - exchange.startedMs, 3)}`;
  if (exchange.plan.route !== "") line += `,"route":${jsonString(exchange.plan.route)}`;
  const principal = exchange.principal;
  if (principal !== null) {
    line += `,"identity":${jsonString(principal.identity)},"principal":${jsonString(principal.id)}`;
    if (principal.tenant !== null) line += `,"tenant":${jsonString(principal.tenant)}`;
    if (principal.plan !== null) line += `,"plan":${jsonString(principal.plan)}`;
  }
  const attempts = exchange.attempts;
  if (attempts.length > 0) {
    const attempt = exchange.winner ?? attempts[attempts.length - 1]!;
    line += `,"upstream":${jsonString(attempt.upstream.name)},"attempts":${attempts.length}`;
    // Absent while it is not known: the attempt waited in the pool's queue, or was still connecting.
    if (attempt.endpoint !== "") line += `,"endpoint":${jsonString(attempt.endpoint)},"reused":${attempt.isReused}`;
    if (attempt.connectedMs > 0) line += `,"connectMs":${jsonFixed(attempt.connectedMs - attempt.startedMs, 3)}`;
    if (attempt.firstByteMs > 0) line += `,"firstByteMs":${jsonFixed(attempt.firstByteMs - attempt.connectedMs, 3)}`;
    if (attempt.status > 0) line += `,"upstreamStatus":${attempt.status}`;
  }
  const fault = exchange.fault;
  if (fault !== null) {
    line += `,"fault":"${fault.kind.code}","blame":"${fault.kind.blame}"`;
    if (fault.detail !== "") line += `,"detail":${jsonString(fault.detail)}`;
  }
  const asks = limitAsksOf(exchange);
  if (asks.length > 0) {
    line += toRefusals(asks);
    const delayMs = limitDelayOf(exchange);
    if (delayMs > 0) line += `,"delayMs":${jsonFixed(delayMs, 3)}`;
  }
  const agent = head.fields.get(USER_AGENT);
  if (agent !== null) line += `,"userAgent":${jsonWireString(agent)}`;
  return `${line},"generation":"${exchange.generation}"}`;
}

/** The limits that said no: those that kept the request from going on, and dry runs. Names of a configuration need no escapes. */
function toRefusals(asks: ReturnType<typeof limitAsksOf>): string {
  let enforced = "";
  let tried = "";
  for (let i = 0; i < asks.length; i++) {
    const { isAdmitted, meter } = asks[i]!;
    if (isAdmitted) continue;
    if (meter.isDryRun) tried += tried === "" ? `"${meter.limit}"` : `,"${meter.limit}"`;
    else enforced += enforced === "" ? `"${meter.limit}"` : `,"${meter.limit}"`;
  }
  return (enforced === "" ? "" : `,"refusedBy":[${enforced}]`) + (tried === "" ? "" : `,"wouldRefuse":[${tried}]`);
}

function toProtocol({ head, client }: Exchange): string {
  // A head that could not be made out has no version of its own.
  const version = head.method === "" ? client.facts.version : head.version;
  return version === 11 ? "HTTP/1.1" : version === 20 ? "HTTP/2.0" : "HTTP/1.0";
}

/** The path as the client sent it: what it asked for, not what became of it. */
function toLoggedPath(target: string): string {
  const mark = target.indexOf("?");
  const end = mark < 0 ? target.length : mark;
  if (target.charCodeAt(0) === 0x2f) return mark < 0 ? target : target.slice(0, end);
  // Absolute form, asterisk form or nonsense: what stands before the path may hold a password.
  const scheme = target.indexOf("://");
  const slash = target.indexOf("/", scheme < 0 ? 0 : scheme + 3);
  if (slash >= 0 && slash < end) return target.slice(slash, end);
  return target === "*" ? "*" : scheme < 0 ? "" : "/";
}
