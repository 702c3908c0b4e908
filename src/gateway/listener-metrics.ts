// What is counted of listeners and their handshakes. Labels are names of listeners and words of our own.

import type { Fault } from "../base/index.ts";
import type { ClientTlsFacts } from "../http/index.ts";
import type { Counter, MetricFamily, MetricRegistry } from "../telemetry/index.ts";
import type { SocketError } from "../transport/index.ts";

const REASONS: Readonly<Partial<Record<SocketError, string>>> = { ETLS: "handshake", ETLSCERT: "certificate", ECONNRESET: "reset" };

export class ListenerMetrics {
  readonly #handshakes: MetricFamily<Counter>;
  readonly #failures: MetricFamily<Counter>;

  readonly #headers: MetricFamily<Counter>;
  readonly #http2Faults: MetricFamily<Counter>;

  constructor(registry: MetricRegistry) {
    this.#handshakes = registry.counter({
      name: "sallyport_tls_handshakes_total",
      help: "TLS handshakes that were completed, by version and whether a session was resumed.",
      labels: ["listener", "version", "resumed"],
    });
    this.#failures = registry.counter({
      name: "sallyport_tls_handshake_failures_total",
      help:
        "TLS handshakes that were not: `certificate` when the client's was missing or not believed, `handshake` when no agreement was found, " +
        "`protocol` when the client named none and HTTP/1.1 is not spoken, `reset` and `closed` when the client left.",
      labels: ["listener", "reason"],
    });
    this.#headers = registry.counter({
      name: "sallyport_proxy_header_faults_total",
      help: "Connections of trusted proxies that did not begin with a PROXY header as they must, by what was wrong.",
      labels: ["listener", "code"],
    });
    this.#http2Faults = registry.counter({
      name: "sallyport_http2_faults_total",
      help: "HTTP/2 connections that were ended for what the client did to all of it, floods among them, by the fault's code.",
      labels: ["listener", "code"],
    });
  }

  countHttp2Fault(listener: string, { kind }: Fault): void {
    this.#http2Faults.child(listener, kind.code).add(1);
  }

  /** A handshake that led to nothing. */
  countNoProtocol(listener: string): void {
    this.#failures.child(listener, "protocol").add(1);
  }

  countProxyFault(listener: string, { kind }: Fault): void {
    this.#headers.child(listener, kind.code).add(1);
  }

  countHandshake(listener: string, { version, resumed }: ClientTlsFacts): void {
    this.#handshakes.child(listener, version, String(resumed)).add(1);
  }

  countFailedHandshake(listener: string, error: SocketError | null): void {
    this.#failures.child(listener, (error === null ? undefined : REASONS[error]) ?? "closed").add(1);
  }
}
