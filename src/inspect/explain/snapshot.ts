// What one step did to an exchange: the exchange looked at before and after it, and the difference in words.

import type { Exchange } from "../../pipeline/index.ts";
import { TEST_PRINCIPAL_HEADER } from "../../testing/index.ts";
import type { Mask } from "./mask.ts";

export interface Snapshot {
  readonly path: string;
  readonly query: string;
  readonly authority: string | null;
  readonly client: string;
  readonly status: number | null;
  /** Who the request is from, with the identity that says so. */
  readonly principal: string | null;
  /** Lines of the request before there is a response, of the response from then on. */
  readonly lines: readonly string[];
}

export function takeSnapshot(exchange: Exchange, side: "request" | "response"): Snapshot {
  const { head, principal, response } = exchange;
  const fields = side === "response" && response !== null ? response.fields : head.fields;
  return {
    path: head.path,
    query: head.query,
    authority: exchange.upstreamAuthority,
    client: exchange.clientAddress,
    status: response?.status ?? null,
    principal: principal === null ? null : `${principal.id} of ${principal.identity}`,
    lines: fields
      .copy()
      .toLines()
      .split("\r\n")
      // How whoever asks says `as` whom: no field of the request.
      .filter((line) => line !== "" && !line.startsWith(`${TEST_PRINCIPAL_HEADER}:`)),
  };
}

/** Sentences without a full stop; empty when nothing changed that can be seen. */
export function describeChanges(before: Snapshot, after: Snapshot, side: "request" | "response", mask: Mask): string[] {
  const changes: string[] = [];
  if (side === "request") {
    // Normalisation is what makes a path of the target.
    if (before.path === "" && after.path !== "") changes.push(`reads the path ${after.path}`);
    else if (before.path !== after.path) changes.push(`changes the path from ${before.path} to ${after.path}`);
    if (before.path !== "" && before.query !== after.query) changes.push(`changes the query to ${mask.target(after.query) || "nothing"}`);
    if (before.authority !== after.authority)
      changes.push(`sends ${after.authority === "" ? "the endpoint's own name" : after.authority} as Host`);
    if (after.principal !== null && before.principal !== after.principal) changes.push(`takes it for a request of ${after.principal}`);
    if (before.client !== after.client) changes.push(`takes ${after.client} for the client`);
  } else if (before.status !== after.status && after.status !== null) {
    changes.push(`changes the status to ${after.status}`);
  }
  return [...changes, ...describeLines(before.lines, after.lines, mask)];
}

function describeLines(before: readonly string[], after: readonly string[], mask: Mask): string[] {
  const gone = subtract(before, after).map(split);
  const come = subtract(after, before).map(split);
  const changes: string[] = [];
  for (const { name, value } of come) {
    const replaced = gone.findIndex((line) => line.name.toLowerCase() === name.toLowerCase());
    if (replaced >= 0) gone.splice(replaced, 1);
    changes.push(`${replaced >= 0 ? "replaces" : "adds"} ${name}: ${mask.header(name, value)}`);
  }
  return [...gone.map(({ name }) => `removes ${name}`), ...changes];
}

/** Lines of `from` that `those` has not, each as often as it is missing. */
function subtract(from: readonly string[], those: readonly string[]): string[] {
  const left = [...those];
  return from.filter((line) => {
    const at = left.indexOf(line);
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

function split(line: string): { name: string; value: string } {
  const colon = line.indexOf(":");
  return { name: line.slice(0, colon), value: line.slice(colon + 1).trim() };
}
