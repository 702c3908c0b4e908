// Cost of choosing a certificate (each handshake) and of holding Host against the handshake (each request where a listener asks for
// certificates), and of putting a thousand certificates in place.

import { Secret } from "../base/index.ts";
import { type CertificateInput, ServerIdentities } from "./index.ts";
import { forge } from "./testdata/certificate-forge.ts";

const hosts = Array.from({ length: 20 }, (_, i) => `h${i}.example`);
const forged = hosts.map((host) => forge({ extensions: `subjectAltName=DNS:${host},DNS:*.${host}` }));

/** A text in front of the PEM makes each another one. */
function configure(tag: string): { minVersion: "TLSv1.2"; certificates: CertificateInput[] } {
  const certificates = Array.from({ length: 1000 }, (_, i) => {
    const { cert, key } = forged[i % forged.length] ?? { cert: "", key: "" };
    return { pair: { cert: `${tag}${i}\n${cert}`, key: new Secret(key) }, acme: null, clientAuth: i === 1 ? AUTH : null };
  });
  return { minVersion: "TLSv1.2", certificates };
}

const AUTH = { mode: "required", ca: "CA", crl: [] } as const;
let count = 0;

function measure(name: string, operation: (round: number) => void, rounds = 1_000_000): void {
  for (let i = 0; i < rounds / 10; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) operation(i);
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(40)} ${best.toFixed(1).padStart(12)} ns/op`);
}

const identities = new ServerIdentities(configure("a"));
const open = identities.select("h0.example");
const spelt = hosts.map((host) => `x.${host}`);
measure("select an exact name", (i) => {
  if (identities.select(hosts[i % 20] ?? "") !== null) count++;
});
measure("select by a wildcard", (i) => {
  if (identities.select(spelt[i % 20] ?? "") !== null) count++;
});
measure("covers, the same Host each time", () => {
  if (identities.coversAuthority(open, "h2.example:443")) count++;
});
measure("covers, another Host each time", (i) => {
  if (identities.coversAuthority(open, hosts[i % 20] ?? "")) count++;
});
measure("1 000 certificates, all as before", () => identities.replace(configure("a")), 10);
measure("1 000 certificates, all new", (i) => identities.replace(configure(`${count++} ${i}`)), 10);
console.log(`(${count})`);
