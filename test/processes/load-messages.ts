// What the process that loads a gateway is started with, is told, and tells. Not the loading: load-main.ts.

export interface LoadPlan {
  readonly host: string;
  readonly port: number;
  /** Kept-alive connections that ask again and again. */
  readonly connections: number;
  /** Requests a second in all. */
  readonly rate: number;
  /** So many requests on kept connections to one on a connection of its own. */
  readonly freshEvery: number;
  /** Null for a gateway that speaks no TLS. `ca` is the authority's PEM. */
  readonly tls: { readonly ca: string; readonly serverName: string } | null;
}

export interface Failure {
  readonly reason: string;
  /** Of the client's side; 0 where there was no connection. */
  readonly localPort: number;
  readonly atMs: number;
}

export interface LoadReport {
  readonly sent: number;
  readonly answered: number;
  readonly failed: number;
  /** The first hundred of them. */
  readonly failures: readonly Failure[];
  readonly connections: number;
  /** Answers by the revision that they carry. */
  readonly revisions: Readonly<Record<string, number>>;
  /** Connections by the fingerprint of the certificate they were shown. */
  readonly certificates: Readonly<Record<string, number>>;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One line each on standard input; each is answered by one line. */
export type LoadCommand =
  | { readonly type: "report" }
  /** From now on an answer with an older revision is a failure. */
  | { readonly type: "expect"; readonly revision: number }
  /** Forgets the times that were measured. */
  | { readonly type: "resetTimes" }
  /** Sends no more and reports when everything is answered. */
  | { readonly type: "stop" };
