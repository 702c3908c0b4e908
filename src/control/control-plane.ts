// What the admin API shows and does: the port that the owner of a running gateway implements. Everything in it is plain data, made on
// request; nothing here holds a secret but a key, in the one answer that makes it.

import type { Issue } from "../config/index.ts";
import type { ApiKeyOperations } from "../identity/index.ts";
import type { QuotaOperations } from "../limits/index.ts";

export interface ControlPlane {
  /** Requests are taken: some worker serves, and no stop was asked for. */
  isReady(): boolean;
  status(): GatewayStatus;
  /** What is running, as JSON, without anything secret. */
  describeConfig(): string;
  /** All metrics of all workers in the Prometheus text format. */
  exposeMetrics(): Promise<string>;
  listUpstreams(): Promise<readonly UpstreamStatus[]>;
  /** Loads the files anew; resolves when every worker serves what came of them, or when it is clear that none will. */
  reload(cause: string): Promise<ReloadOutcome>;
  /** Back to what was served before the last change. Once: a second one goes forward again. */
  rollback(cause: string): Promise<ReloadOutcome>;
  /** What is done with API keys, in the database that is configured now; null: there is none. */
  readonly keys: ApiKeyOperations | null;
  /** What is done with quotas, in the same database; null: the configuration has none. */
  readonly quotas: QuotaOperations | null;
  /** The public keys of internal tokens, a JWK Set; null: no upstream is shown any. Rejects when the database can't be asked. */
  publicKeys(): Promise<PublicKeys> | null;
}

export interface PublicKeys {
  /** A JWK Set. */
  readonly text: string;
  /** How long services may keep it. */
  readonly cacheForSeconds: number;
}

export interface GatewayStatus {
  readonly name: string;
  readonly version: string | null;
  readonly runtime: string;
  readonly pid: number;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly state: "starting" | "serving" | "draining";
  readonly generation: string;
  /** What a rollback would go back to; null when there is nothing. */
  readonly previousGeneration: string | null;
  /** True after a rollback: the files say something else than what is served. */
  readonly isRolledBack: boolean;
  /** Some team's part, or with --last-good the whole, is not what its file says. */
  readonly isDegraded: boolean;
  readonly lastReload: LastReload | null;
  readonly workers: readonly WorkerStatus[];
  readonly certificates: readonly CertificateStatus[];
}

export interface LastReload {
  readonly at: string;
  readonly cause: string;
  readonly outcome: ReloadOutcome["outcome"];
}

export interface WorkerStatus {
  /** The slot, from 0: it stays when its process is replaced. */
  readonly slot: number;
  readonly pid: number;
  readonly state: "starting" | "serving" | "draining";
  readonly startedAt: string;
  /** Of this slot, since the gateway started; those asked for not counted. */
  readonly crashes: number;
  readonly connections: number;
  /** Generations that still have exchanges or tunnels under way, the newest first. */
  readonly generations: readonly string[];
  /** What counts shared limits and can't be asked, with the reason: each limit's `onStoreFailure` holds. */
  readonly storesAway: readonly { readonly name: string; readonly reason: string }[];
}

export interface CertificateStatus {
  /** `listener https`, `upstream orders`, `admin`. */
  readonly usedBy: string;
  readonly names: readonly string[];
  /** ISO 8601; null for one that has not been issued yet. */
  readonly notAfter: string | null;
  /** SHA-256 of the leaf, hexadecimal; "" for one that has not been issued yet. */
  readonly fingerprint: string;
}

export interface UpstreamStatus {
  readonly name: string;
  readonly protocol: "http/1.1" | "h2";
  /** `healthy`: whether the health checks of some worker find it well; null where there are none. */
  readonly endpoints: readonly { readonly address: string; readonly weight: number; readonly healthy: boolean | null }[];
  /** Summed over the workers, as all of these. */
  readonly open: number;
  readonly idle: number;
  readonly pending: number;
  /** Requests on its connections. */
  readonly streams: number;
}

export type ReloadOutcome =
  /** Every worker serves it. */
  | { readonly outcome: "applied"; readonly generation: string; readonly issues: readonly Issue[] }
  /** The files say what is served already. */
  | { readonly outcome: "unchanged"; readonly generation: string; readonly issues: readonly Issue[] }
  /** Nothing changed, and why: mistakes with their places. */
  | { readonly outcome: "refused"; readonly generation: string; readonly issues: readonly Issue[]; readonly reason: string }
  /** There is nothing to go back to, or a stop is under way. */
  | { readonly outcome: "impossible"; readonly generation: string; readonly issues: readonly []; readonly reason: string };
