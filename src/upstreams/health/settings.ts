// How the endpoints of an upstream are asked whether they are well.

export interface HealthSettings {
  readonly ask: HealthQuestion;
  /** From the beginning of one check to that of the next. */
  readonly intervalMs: number;
  /** For the connection, if one is needed, and the answer. Not longer than the interval. */
  readonly timeoutMs: number;
  /** Checks in a row that must agree before an endpoint counts as the other of the two. */
  readonly healthyAfter: number;
  readonly unhealthyAfter: number;
}

export type HealthQuestion =
  /** A GET that must be answered by 2xx. */
  | { readonly kind: "http"; readonly path: string }
  /** grpc.health.v1.Health/Check of a service, "" for the whole server. HTTP/2 only. */
  | { readonly kind: "grpc"; readonly service: string };
