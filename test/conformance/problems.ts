// What is true of every message that leaves the gateway, whatever came in: towards the upstream, and of its own answers.

import { type RawHead, type RawMessage, statusOf, valuesOf } from "../kit/index.ts";

/** Fields that end at the gateway. Connection and Upgrade may be there for an upgrade alone. */
const HOP_BY_HOP = ["keep-alive", "proxy-connection", "te"];
const IDENTITY = ["x-user-id", "x-user-roles", "x-tenant-id"];

function fold(name: string): string {
  return name.replace(/[^a-z0-9]+/g, "-");
}

/** What a request that the upstream saw may not be; empty when all is well. */
export function problemsOfForwarded(head: RawHead): string[] {
  const problems: string[] = [];
  for (const name of HOP_BY_HOP) if (valuesOf(head, name).length > 0) problems.push(`the upstream saw ${name}`);
  const upgrade = valuesOf(head, "upgrade");
  const connection = valuesOf(head, "connection");
  if (upgrade.length > 0 ? connection.join().toLowerCase() !== "upgrade" : connection.length > 0)
    problems.push(`the upstream saw Connection: ${connection}, Upgrade: ${upgrade}`);
  for (const [name] of head.fields) if (IDENTITY.includes(fold(name))) problems.push(`the upstream saw the identity header ${name}`);
  // RFC 9110 7.6.3: a proxy appends itself, be it on a line of its own.
  if (valuesOf(head, "via").at(-1)?.endsWith("1.1 sallyport") !== true) problems.push(`the upstream saw Via: ${valuesOf(head, "via")}`);
  for (const name of ["x-request-id", "x-forwarded-for"])
    if (valuesOf(head, name).length !== 1) problems.push(`the upstream saw ${name} ${valuesOf(head, name).length} times`);
  return problems;
}

/** What a refusal of the gateway's own must look like; empty when all is well. */
export function problemsOfRefusal(answer: RawMessage, closes: boolean, code: string | undefined): string[] {
  const status = statusOf(answer);
  const problems: string[] = [];
  if (valuesOf(answer, "content-type").join() !== "application/problem+json")
    problems.push(`a ${status} of type ${valuesOf(answer, "content-type")}`);
  if (closes && valuesOf(answer, "connection").join().toLowerCase() !== "close")
    problems.push(`a ${status} that closes without Connection: close`);
  if (valuesOf(answer, "x-request-id").length !== 1) problems.push(`a ${status} without one X-Request-Id`);
  const body = toProblem(answer.body);
  if (body === null) return [...problems, `a ${status} whose body is not JSON: ${answer.body}`];
  if (body.status !== status) problems.push(`a ${status} whose body says ${body.status}`);
  if (typeof body.code !== "string" || !/^SP_[A-Z0-9]+(?:_[A-Z0-9]+)+$/.test(body.code))
    problems.push(`a ${status} with the code ${body.code}`);
  if (code !== undefined && body.code !== code) problems.push(`a ${status} with the code ${body.code}, not ${code}`);
  return problems;
}

function toProblem(text: string): { readonly status?: unknown; readonly code?: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : null;
  } catch {
    return null;
  }
}
