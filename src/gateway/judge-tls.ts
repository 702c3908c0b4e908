// What is wrong with the certificates, authorities and lists of a configuration, in words. Not part of the schema: it stands inside of files.

import type { GatewayConfig } from "../config/index.ts";
import { judgeListenerTls, judgeUpstreamTls, type TlsFinding } from "../tls/index.ts";

export interface TlsJudgement {
  /** It can't be served. */
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}

export function judgeTls(config: GatewayConfig, nowMs: number): TlsJudgement {
  const errors: string[] = [];
  const warnings: string[] = [];
  const add = (where: string, findings: readonly TlsFinding[]) => {
    for (const { code, severity, path, message, hint } of findings) {
      (severity === "error" ? errors : warnings).push(`${code} ${where}.tls${toText(path)}: ${message}; ${hint}`);
    }
  };
  for (const { name, tls } of config.listeners) if (tls !== null) add(`listeners.${name}`, judgeListenerTls(tls, nowMs));
  for (const { name, tls } of config.upstreams) if (tls !== null) add(`upstreams.${name}`, judgeUpstreamTls(tls, nowMs));
  if (config.admin?.tls != null) add("admin", judgeListenerTls(config.admin.tls, nowMs));
  return { errors, warnings };
}

function toText(path: readonly (string | number)[]): string {
  return path.map((part) => (typeof part === "number" ? `[${part}]` : `.${part}`)).join("");
}
