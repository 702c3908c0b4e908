// Certificates from an authority, for the whole gateway: one issuer, whose pairs go into the configuration before it is served, and whose
// challenges go to all workers before the authority asks.

import type { Clock } from "../base/index.ts";
import { Secret } from "../base/index.ts";
import type { CertificateConfig, GatewayConfig, ListenerTlsConfig } from "../config/index.ts";
import type { Challenges } from "../gateway/index.ts";
import { acmeAuthority, CertificateIssuer, type Challenge, PairStore } from "../tls/acme/index.ts";
import type { Report } from "./supervisor-host.ts";

interface DeskHost {
  readonly clock: Clock;
  random(): number;
  /** Resolves when all workers can answer. */
  show(challenges: Challenges): Promise<void>;
  onIssued(): void;
  report(report: Report): void;
}

export class AcmeDesk {
  readonly #host: DeskHost;
  readonly #http = new Map<string, string>();
  readonly #tls = new Map<string, { readonly cert: string; readonly key: string }>();
  #issuer: CertificateIssuer | null = null;
  /** Settings that the issuer was made with. */
  #settings = "";

  constructor(host: DeskHost) {
    this.#host = host;
  }

  /** The configuration with the certificates that there are; the same object when it asks for none. */
  dress(config: GatewayConfig): GatewayConfig {
    const { acme, gateway } = config;
    if (acme === null || gateway.stateDir === null) return config;
    const store = new PairStore(gateway.stateDir, acme.directory);
    const listeners = config.listeners.map((listener) =>
      listener.tls === null ? listener : { ...listener, tls: this.#dressTls(listener.tls, store) },
    );
    const admin = config.admin?.tls == null ? config.admin : { ...config.admin, tls: this.#dressTls(config.admin.tls, store) };
    return { ...config, listeners, admin };
  }

  #dressTls(tls: ListenerTlsConfig, store: PairStore): ListenerTlsConfig {
    const dress = (certificate: CertificateConfig): CertificateConfig => {
      if (certificate.acme === null) return certificate;
      const { names } = certificate.acme;
      // First what this authority has issued. Of a configuration that turns to another one, the old one's serves until it has.
      const issued = store.readPair(names) ?? this.#issuer?.pairOf(names) ?? null;
      if (issued === null) return { ...certificate, pair: null };
      const path = store.pathOf(names);
      return { ...certificate, pair: { cert: issued.cert, certFile: path, key: new Secret(issued.key), keyFile: path } };
    };
    return { ...tls, certificates: tls.certificates.map(dress) };
  }

  /** Orders what this configuration asks for from now on. */
  want(config: GatewayConfig): void {
    const { acme, gateway } = config;
    const sets = [...config.listeners.map(({ tls }) => tls), config.admin?.tls ?? null].flatMap(
      (tls) => tls?.certificates.flatMap((certificate) => (certificate.acme === null ? [] : [certificate.acme.names])) ?? [],
    );
    if (acme === null || gateway.stateDir === null) {
      this.close();
      return;
    }
    const { externalAccount, ...shown } = acme;
    const settings = JSON.stringify([gateway.stateDir, shown, externalAccount?.keyId, externalAccount?.hmacKey.reveal()]);
    if (this.#issuer === null || settings !== this.#settings) {
      this.close();
      this.#settings = settings;
      const store = new PairStore(gateway.stateDir, acme.directory);
      this.#issuer = new CertificateIssuer(
        {
          authority: acmeAuthority(acme),
          store,
          clock: this.#host.clock,
          random: this.#host.random,
          stage: { show: (challenge) => this.#change(challenge, true), hide: (challenge) => this.#change(challenge, false) },
          events: {
            onIssued: (names) => {
              this.#host.report({ level: "info", text: `acme: a certificate for ${names.join(", ")} was issued` });
              this.#host.onIssued();
            },
            onFailed: (names, reason, nextMs) =>
              this.#host.report({
                level: "error",
                text: `acme: no certificate for ${names.join(", ")}: ${reason}; the next try is at ${new Date(nextMs).toISOString()}`,
              }),
          },
        },
        acme.renewBeforeMs,
      );
    }
    this.#issuer.want(sets);
  }

  close(): void {
    this.#issuer?.stop();
    this.#issuer = null;
  }

  async #change(challenge: Challenge, isShown: boolean): Promise<void> {
    if (challenge.type === "http-01") {
      if (isShown) this.#http.set(challenge.token, challenge.keyAuthorization);
      else this.#http.delete(challenge.token);
    } else if (isShown) this.#tls.set(challenge.name, { cert: challenge.cert, key: challenge.key });
    else this.#tls.delete(challenge.name);
    await this.#host.show({ http: Object.fromEntries(this.#http), tls: Object.fromEntries(this.#tls) });
  }
}
