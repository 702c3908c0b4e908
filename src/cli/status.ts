// `sallyport status`: how a running gateway is, for people who were woken up.

import { systemClock } from "../base/index.ts";
import type { CertificateStatus, GatewayStatus, WorkerStatus } from "../control/index.ts";
import { readObject, toPlainText } from "./admin-json.ts";
import { ask, findAdmin, tellUnreachable } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

const STATUS_MS = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Certificates that have less are shown one by one. */
const SOON_DAYS = 30;

export async function status(line: CommandLine, terminal: Terminal): Promise<number> {
  const isJson = line.values["json"] === true;
  const target = await findAdmin(line, terminal);
  if (typeof target === "number") return target;
  const answer = await ask(target, "GET", "/status", STATUS_MS, terminal, isJson);
  if (typeof answer === "number") return answer;
  const body = readObject(answer.text);
  if (answer.status !== 200) {
    const { code, title } = toPlainText(body ?? {});
    return tellUnreachable(`the gateway answers ${answer.status} ${code ?? ""}: ${title ?? "nothing more"}`, terminal, isJson);
  }
  if (!isStatus(body)) return tellUnreachable("what answers there is no admin address of Sallyport", terminal, isJson);
  if (isJson) terminal.out(JSON.stringify({ ok: true, status: body }));
  else for (const text of toLines(toPlainText(body), systemClock.wall(), terminal)) terminal.out(text);
  return EXIT_OK;
}

function isStatus(body: object | null): body is GatewayStatus {
  return (
    body !== null &&
    "generation" in body &&
    "workers" in body &&
    Array.isArray(body.workers) &&
    "certificates" in body &&
    Array.isArray(body.certificates)
  );
}

export function toLines(gateway: GatewayStatus, nowMs: number, { outPaint: paint }: Pick<Terminal, "outPaint">): string[] {
  const { name, version, runtime, pid, state, startedAt, generation, previousGeneration, lastReload } = gateway;
  const lines = [
    `${paint.strong(name)} ${version ?? ""} on ${runtime}, process ${pid}: ${(state === "serving" ? paint.good : paint.warn)(state)} for ${toAge(startedAt, nowMs)}`,
    row("generation", `${generation}${previousGeneration === null ? "" : `, before it ${previousGeneration}`}`),
  ];
  if (gateway.isRolledBack) lines.push(row("", paint.warn("rolled back: the files say something else than what is served")));
  if (gateway.isDegraded)
    lines.push(row("", paint.warn("degraded: a file was refused, and what was good before is served, or nothing of it")));
  if (lastReload !== null) {
    const { at, cause, outcome } = lastReload;
    const isGood = outcome === "applied" || outcome === "unchanged";
    lines.push(row("last reload", `${(isGood ? paint.good : paint.bad)(outcome)} ${toAge(at, nowMs)} ago (${cause})`));
  }
  for (const worker of gateway.workers) {
    const old = worker.generations.filter((each) => each !== generation);
    const parts = [
      (worker.state === "serving" ? paint.good : paint.warn)(worker.state),
      `process ${worker.pid} for ${toAge(worker.startedAt, nowMs)}`,
      `${worker.connections} connection${worker.connections === 1 ? "" : "s"}`,
    ];
    if (worker.crashes > 0) parts.push(paint.bad(`${worker.crashes} crash${worker.crashes === 1 ? "" : "es"}`));
    if (old.length > 0) parts.push(`requests under way on ${old.join(", ")}`);
    lines.push(row(`worker ${worker.slot}`, parts.join(", ")));
  }
  return [...lines, ...toStoreLines(gateway.workers, paint), ...toCertificateLines(gateway.certificates, nowMs, paint)];
}

/** One for each store: its workers see the same, most often. */
function toStoreLines(workers: readonly WorkerStatus[], paint: Terminal["outPaint"]): string[] {
  const away = new Map<string, { count: number; reason: string }>();
  for (const { storesAway } of workers as readonly Partial<WorkerStatus>[]) {
    // A gateway of another version may not tell.
    for (const { name, reason } of storesAway ?? []) away.set(name, { count: (away.get(name)?.count ?? 0) + 1, reason });
  }
  return [...away].map(([name, { count, reason }]) => {
    const where = count === workers.length ? "" : ` for ${count} of ${workers.length} workers`;
    return row("counters", `${name} ${paint.bad("away")}${where}: ${reason}; each limit's \`onStoreFailure\` holds`);
  });
}

function toCertificateLines(certificates: readonly CertificateStatus[], nowMs: number, paint: Terminal["outPaint"]): string[] {
  const lines: string[] = [];
  const dated = certificates.flatMap((each) =>
    each.notAfter === null ? [] : [{ ...each, days: (Date.parse(each.notAfter) - nowMs) / DAY_MS }],
  );
  dated.sort((a, b) => a.days - b.days);
  for (const each of dated) {
    if (each.days >= SOON_DAYS) break;
    const when =
      each.days < 0 ? paint.bad(`expired ${Math.floor(-each.days)} days ago`) : paint.warn(`expires in ${Math.floor(each.days)} days`);
    lines.push(row("certificate", `${toSubject(each)}: ${when}`));
  }
  for (const each of certificates)
    if (each.notAfter === null) lines.push(row("certificate", `${toSubject(each)}: ${paint.warn("not issued yet")}`));
  const later = dated.filter(({ days }) => days >= SOON_DAYS);
  const [first] = later;
  if (first === undefined) return lines;
  const count =
    lines.length === 0
      ? `${later.length} certificate${later.length === 1 ? "" : "s"}`
      : `${later.length} other${later.length === 1 ? "" : "s"}`;
  return [...lines, row("certificates", `${count}, the first to expire in ${Math.floor(first.days)} days: ${toSubject(first)}`)];
}

function toSubject({ names, usedBy }: CertificateStatus): string {
  const [first = "without a name", ...rest] = names;
  return `${first}${rest.length === 0 ? "" : ` and ${rest.length} more`} (${usedBy})`;
}

function row(title: string, text: string): string {
  return `${title.padEnd(13)} ${text}`;
}

/** `3 d 4 h`, `2 h 5 min`, `40 s`: the two greatest units. */
function toAge(at: string, nowMs: number): string {
  const ms = Math.max(0, nowMs - Date.parse(at));
  const [days, hours, minutes] = [Math.floor(ms / DAY_MS), Math.floor(ms / (60 * MINUTE_MS)) % 24, Math.floor(ms / MINUTE_MS) % 60];
  if (days > 0) return `${days} d ${hours} h`;
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min` : `${Math.floor(ms / 1000)} s`;
}
