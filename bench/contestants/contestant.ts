// What every contestant is to the harness: a name and a command that listens on a port and proxies to the upstream.
// All do the same job: one worker, keep-alive to both sides, Host kept, X-Forwarded-For/-Proto/-Host, Via and X-Request-Id set,
// the three identity headers of a client removed, X-Request-Id and Via on the response.
import type { Command } from "../child.ts";
import type { Wire } from "../jobs.ts";
import type { TlsFiles } from "../tls-files.ts";

export interface Setting {
  /** A folder of its own for configuration, logs and temporary files. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  readonly upstreamPort: number;
  readonly accessLog: boolean;
  /** Null: HTTP/1.1 on both sides. */
  readonly wire: Wire | null;
  /** Null: plain on both sides. */
  readonly tls: TlsSetting | null;
}

export interface TlsSetting {
  readonly files: TlsFiles;
  /** Whether the upstream speaks TLS too; its certificate is to be verified against `files.ca` and TLS_NAME. */
  readonly upstream: boolean;
}

export interface Contestant {
  readonly name: string;
  /** The command, or an Error that says why this one can't take part here. Writes its configuration into the folder. */
  prepare(setting: Setting): Command | Error;
  /** Where the access log goes when it is on; unset means stdout, which the harness keeps in `out`. */
  readonly accessLogFile?: string;
}

export const IDENTITY_HEADERS = ["X-User-Id", "X-User-Roles", "X-Tenant-Id"];
