// TLS and PROXY headers before and after: what proves who is at the other end, of clients, of upstreams and of whoever asks the admin
// address. Certificates are told by their files and digests of what is public; nothing of a key is ever said.

import { createHash } from "node:crypto";
import type {
  AcmeConfig,
  CertificateConfig,
  CertificatePair,
  ClientAuthConfig,
  ListenerConfig,
  ListenerTlsConfig,
  UpstreamTlsConfig,
} from "../../config/index.ts";
import { type Comparer, type Comparers, fields, ladder, optional, plain, set, text } from "./comparers.ts";
import { coversNetwork } from "./covers.ts";
import type { Say } from "./effect.ts";
import { isSame } from "./same.ts";
import { toDuration, toList } from "./words.ts";

const same = (item: string) => item;

const minVersion = ladder("least version of TLS", ["TLSv1.3", "TLSv1.2"]);

/** What is public of a file, in eight letters: enough to see that two differ. */
function toDigest(pem: string): string {
  return createHash("sha256").update(pem).digest("hex").slice(0, 8);
}

// ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** How sentences call one: by where it comes from, or by its number. */
function toCertificateName({ pair, acme }: CertificateConfig): string {
  if (acme !== null) return `the certificate for ${toList(acme.names)}`;
  return pair === null ? "a certificate" : `the certificate ${pair.certFile}`;
}

const clientAuthFields = (of: string): Comparers<ClientAuthConfig> => ({
  mode: (_before, after, say) => {
    if (after === "required") say.that(false, `requires certificates of clients, with ${of}`, "require certificates of clients");
    else
      say.that(
        true,
        `no longer requires certificates of clients, with ${of}: who has none is let in`,
        "no longer require certificates of clients",
      );
  },
  ca: (before, after, say) => {
    const change = `${toDigest(before)} becomes ${toDigest(after)}`;
    say.that(null, `believes other authorities of clients' certificates, with ${of}: ${change}`, "believe other authorities of clients");
  },
  caFile: plain(`file of clients' authorities, with ${of}`, same),
  crl: sayLists(`, with ${of}`),
});

function clientAuth(of: string): Comparer<ClientAuthConfig | null> {
  return optional(
    ({ mode }, say) => say.that(false, `asks clients for certificates, with ${of} (${mode})`, "ask clients for certificates"),
    (_was, say) => say.that(true, `no longer asks clients for certificates, with ${of}`, "no longer ask clients for certificates"),
    fields(clientAuthFields(of)),
  );
}

function pairFields(of: string): Comparers<CertificatePair> {
  return {
    cert: (before, after, say) => {
      say.that(null, `has another content of ${of}: ${toDigest(before)} becomes ${toDigest(after)}`, "have another certificate");
    },
    certFile: plain(`file of ${of}`, same),
    key: (_before, _after, say) => say.that(null, `has another key for ${of}`, "have another key"),
    keyFile: plain(`file for the key of ${of}`, same),
  };
}

function pair(of: string): Comparer<CertificatePair | null> {
  return optional(
    ({ certFile }, say) => say.that(null, `gets ${of}: ${certFile}`, "get a certificate"),
    (_was, say) => say.that(null, `loses ${of}`, "lose a certificate"),
    fields(pairFields(of)),
  );
}

function compareCertificate(before: CertificateConfig, after: CertificateConfig, say: Say): void {
  const of = toCertificateName(after);
  if (!isSame(before.pair, after.pair)) pair(of)(before.pair, after.pair, say);
  if (!isSame(before.acme, after.acme))
    say.that(null, `asks for a certificate for ${toList(after.acme?.names ?? [])}`, "ask for other names");
  if (!isSame(before.clientAuth, after.clientAuth)) clientAuth(of)(before.clientAuth, after.clientAuth, say);
}

/** What stays when a certificate is renewed: its file, or the names that it is asked for. */
function toKey({ pair: files, acme: asked }: CertificateConfig): string {
  return asked === null ? `file ${files?.certFile}` : `names ${asked.names.join(" ")}`;
}

const isRequired = ({ clientAuth: asked }: CertificateConfig) => asked?.mode === "required";

/** Those of one file or names are the same; of the others the first took the place of the first. */
const certificates: Comparer<readonly CertificateConfig[]> = (before, after, say) => {
  const [removed, added] = [[...before], [...after]];
  const kept: [CertificateConfig, CertificateConfig][] = [];
  for (const now of after) {
    const at = removed.findIndex((old) => toKey(old) === toKey(now));
    const [old] = at < 0 ? [] : removed.splice(at, 1);
    if (old === undefined) continue;
    added.splice(added.indexOf(now), 1);
    kept.push([old, now]);
  }
  const places = kept.map(([old]) => before.indexOf(old));
  if (places.some((place, at) => place < (places[at - 1] ?? 0))) {
    say.that(null, "has its certificates in another order, of which the first is the default", "have their certificates in another order");
  }
  while (removed.length > 0 && added.length > 0) kept.push([removed.shift(), added.shift()] as [CertificateConfig, CertificateConfig]);
  for (const [old, now] of kept) if (!isSame(old, now)) compareCertificate(old, now, say);
  // Under its names nobody is asked for a certificate, as under the others.
  const opens = (one: CertificateConfig, others: readonly CertificateConfig[]) => others.some(isRequired) && !isRequired(one);
  for (const one of added) say.that(opens(one, before) || null, `serves ${toCertificateName(one)} too`, "serve another certificate");
  for (const one of removed) {
    say.that(opens(one, after) ? false : null, `no longer serves ${toCertificateName(one)}`, "no longer serve a certificate");
  }
};

/** Lists are told by what they hold: their files are not part of what is served. */
function sayLists(of: string): Comparer<readonly string[]> {
  return (before, after, say) => {
    if (after.length === 0) say.that(true, `no longer asks whether a certificate was revoked${of}`, "no longer ask about revocation");
    else if (before.length === 0) say.that(false, `asks whether a certificate was revoked${of}`, "ask about revocation");
    else {
      const digests = (lists: readonly string[]) => toList(lists.map(toDigest));
      say.that(null, `has other revocation lists${of}: ${digests(before)} becomes ${digests(after)}`, "have other revocation lists");
    }
  };
}

// ── listeners and upstreams ──────────────────────────────────────────────────────────────────────────────────────────

export const listenerTls: Comparer<ListenerTlsConfig | null> = optional(
  (_now, say) => say.that(false, "speaks TLS", "speak TLS"),
  (_was, say) => say.that(true, "no longer speaks TLS: what passes is cleartext", "no longer speak TLS"),
  fields<ListenerTlsConfig>({ minVersion, certificates }),
);

export const listenerProxyProtocol: Comparer<ListenerConfig["proxyProtocol"]> = optional(
  ({ from }, say) => say.that(true, `believes PROXY headers from ${toList(from)}`, "believe PROXY headers"),
  (_was, say) => say.that(false, "no longer believes PROXY headers", "no longer believe PROXY headers"),
  fields({
    from: set({
      more: true,
      gains: ["believes PROXY headers from more:", "believe PROXY headers from more"],
      loses: ["believes PROXY headers from fewer:", "believe PROXY headers from fewer"],
      show: same,
      covers: coversNetwork,
    }),
  }),
);

export const upstreamTls: Comparer<UpstreamTlsConfig | null> = optional(
  (_now, say) => say.that(false, "is called over TLS", "are called over TLS"),
  (_was, say) => say.that(true, "is no longer called over TLS: what passes is cleartext", "are no longer called over TLS"),
  fields<UpstreamTlsConfig>({
    ca: (before, after, say) => {
      const show = (pem: string | null) => (pem === null ? "those of the system" : toDigest(pem));
      say.that(null, `is believed by other authorities: ${show(before)} becomes ${show(after)}`, "are believed by other authorities");
    },
    caFile: text("file of authorities"),
    crl: sayLists(""),
    serverName: text("name that its certificates must carry"),
    identity: pair("the gateway's own certificate"),
    minVersion,
  }),
);

export const acme: Comparer<AcmeConfig | null> = optional(
  ({ directory }, say) => say.that(null, `is asked at ${directory}`, "are asked"),
  (_was, say) => say.that(null, "is no longer asked", "are no longer asked"),
  fields<AcmeConfig>({
    directory: text("directory"),
    email: text("address to write to"),
    challenge: text("challenge"),
    ca: plain("signer of its own certificate", (pem) => (pem === null ? "those of the system" : toDigest(pem))),
    externalAccount: optional(
      ({ keyId }, say) => say.that(null, `knows the account ${keyId}`, "know an account"),
      (_was, say) => say.that(null, "knows no account any more", "know no account any more"),
      fields({ keyId: text("key for its account"), hmacKey: plain("secret for its account", () => "a secret") }),
    ),
    renewBeforeMs: plain("time of renewal before the end", toDuration),
  }),
);
