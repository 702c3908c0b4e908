// What `sallyport keys` prints. A key stands alone on standard output, so that a script can take it; what there is to say goes beside it.

import type { ApiKeyView, IssuedKey } from "../identity/index.ts";
import type { Paint } from "./terminal.ts";

export interface KeyReport {
  readonly json: object;
  /** What was asked for. */
  lines(paint: Paint): readonly string[];
  /** For people. */
  readonly remarks: readonly string[];
}

export function reportIssued({ key, record, replaces }: IssuedKey): KeyReport {
  const end = record.expiresAt === null ? "does not expire" : `expires ${record.expiresAt}`;
  const remarks = [
    `Key ${record.id} of ${record.owner}, for the identity ${record.identity}; it ${end}. It is shown this once: what is kept of it is a digest.`,
  ];
  if (replaces !== null) {
    remarks.push(
      `It takes the place of ${replaces.id}, which ${replaces.state === "good" ? `is good until ${replaces.expiresAt}` : "is good no more"}.`,
    );
  }
  return { json: { key, record, replaces }, lines: () => [key], remarks };
}

export function reportRevoked(record: ApiKeyView): KeyReport {
  return {
    json: { record },
    lines: ({ good }) => [`${good("revoked:")} key ${record.id} of ${record.owner}; no gateway lets it in 5 s later`],
    remarks: [],
  };
}

export function reportKey(record: ApiKeyView): KeyReport {
  const rows: [string, string][] = [
    ["key", `${record.prefix}…, ${record.state}`],
    ["owner", record.owner],
    ["identity", record.identity],
    ["tenant", record.tenant ?? ""],
    ["roles", record.roles.join(" ")],
    ["scopes", record.scopes.join(" ")],
    ["plan", record.plan ?? ""],
    ["note", record.note ?? ""],
    ["created", record.createdAt],
    ["expires", record.expiresAt ?? "never"],
    ["revoked", record.revokedAt ?? ""],
    ["replaced by", record.replacedBy ?? ""],
  ];
  return {
    json: { record },
    lines: () => rows.filter(([, text]) => text !== "").map(([name, text]) => `${name.padEnd(12)} ${text}`),
    remarks: [],
  };
}

const HEAD = ["ID", "OWNER", "IDENTITY", "STATE", "EXPIRES", "SCOPES"];

export function reportKeys(records: readonly ApiKeyView[]): KeyReport {
  const rows = records.map(({ id, owner, identity, state, replacedBy, expiresAt, scopes }) => {
    const isLeaving = state === "good" && replacedBy !== null;
    return [id, owner, identity, isLeaving ? "replaced" : state, expiresAt ?? "never", scopes.join(" ")];
  });
  const all = [HEAD, ...rows];
  const widths = HEAD.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  const toLine = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  return {
    json: { keys: records },
    lines: () => (rows.length === 0 ? [] : all.map(toLine)),
    remarks: rows.length === 0 ? ["There are no keys."] : [],
  };
}
