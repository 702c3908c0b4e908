// A line of the access log, read back: what limits need to know of a request that was. Whatever else stands in a line is left alone.

export interface LoggedRequest {
  /** When its head was complete, Unix time in ms. */
  readonly startMs: number;
  /** What a leaky bucket of then held it for is part of it. */
  readonly durationMs: number;
  readonly delayMs: number;
  readonly listener: string;
  /** An address; empty for one on a Unix socket. */
  readonly client: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly status: number;
  /** Empty: none was found. */
  readonly route: string;
  /** Null: nobody was authenticated. */
  readonly caller: LoggedCaller | null;
  /** The fault's code; empty: there was none. */
  readonly fault: string;
  /** It reached an upstream. */
  readonly isForwarded: boolean;
  /** Names of the limits that refused it. */
  readonly refusedBy: readonly string[];
  /** Names of dry runs that would have. */
  readonly wouldRefuse: readonly string[];
}

export interface LoggedCaller {
  readonly identity: string;
  readonly id: string;
  readonly tenant: string | null;
  readonly plan: string | null;
}

/** RFC 3339 in UTC, as the log has it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** An IPv6 address with a long zone. */
const MOST_ADDRESS = 100;

/** Faults of limits. Logs of versions that had no `refusedBy` name the limits in the detail of the first. */
const EXCEEDED = "SP_LIMIT_EXCEEDED";
const UNAVAILABLE = "SP_LIMIT_UNAVAILABLE";

/** Null: it is no line of an access log. */
export function readLoggedRequest(line: string): LoggedRequest | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const record = value as Readonly<Record<string, unknown>>;
  const { time, durationMs, listener, client, method, host, path, status } = record;
  if (typeof time !== "string" || !TIME.test(time)) return null;
  const startMs = Date.parse(time);
  if (Number.isNaN(startMs) || typeof durationMs !== "number" || !(durationMs >= 0)) return null;
  if (typeof listener !== "string" || typeof client !== "string" || typeof method !== "string") return null;
  if (typeof host !== "string" || typeof path !== "string" || typeof status !== "number") return null;
  const delayMs = record["delayMs"] ?? 0;
  if (typeof delayMs !== "number" || !(delayMs >= 0)) return null;
  const caller = readCaller(record);
  const fault = readText(record["fault"]) ?? "";
  const route = readText(record["route"]) ?? "";
  const isForwarded = typeof record["attempts"] === "number";
  const wouldRefuse = readNames(record["wouldRefuse"]);
  const refusedBy = readRefusal(record, fault);
  if (client.length > MOST_ADDRESS || caller === undefined || wouldRefuse === null || refusedBy === null) return null;
  const read = { startMs, durationMs, delayMs, listener, client, method, host, path, status };
  return { ...read, route, caller, fault, isForwarded, refusedBy, wouldRefuse };
}

/** Whether it was a limit that ended it. */
export function wasLimited({ fault }: LoggedRequest): boolean {
  return fault === EXCEEDED || fault === UNAVAILABLE;
}

/** Undefined: half of one. */
function readCaller(record: Readonly<Record<string, unknown>>): LoggedCaller | null | undefined {
  const identity = readText(record["identity"]);
  const id = readText(record["principal"]);
  if (identity === null && id === null) return null;
  if (identity === null || id === null) return undefined;
  return { identity, id, tenant: readText(record["tenant"]), plan: readText(record["plan"]) };
}

/** Null: it is no list of names. */
function readRefusal(record: Readonly<Record<string, unknown>>, fault: string): readonly string[] | null {
  if (record["refusedBy"] !== undefined) return readNames(record["refusedBy"]);
  const detail = fault === EXCEEDED || fault === UNAVAILABLE ? readText(record["detail"]) : null;
  return detail === null ? NOBODY : detail.split(", ");
}

const NOBODY: readonly string[] = [];

function readNames(value: unknown): readonly string[] | null {
  if (value === undefined) return NOBODY;
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? value : null;
}

function readText(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
