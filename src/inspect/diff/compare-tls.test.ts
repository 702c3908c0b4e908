// What a reviewer reads when trust changes: of clients, of upstreams, of whoever asks the admin address.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../base/index.ts";
import {
  type AdminConfig,
  type CertificateConfig,
  type GatewayConfig,
  type ListenerConfig,
  parseConfig,
  type UpstreamConfig,
} from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

const TEXT = `version: 1
admin: { address: 127.0.0.1:9901 }
listeners: [{ name: https, address: 127.0.0.1:8443 }]
upstreams: { shop: { endpoints: [http://127.0.0.1:3001] } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: shop }]
`;

interface Parts {
  readonly admin?: Partial<AdminConfig>;
  readonly listener?: Partial<ListenerConfig>;
  readonly upstream?: Partial<UpstreamConfig>;
}

function configure({ admin, listener, upstream }: Parts): GatewayConfig {
  const { config } = parseConfig(TEXT, "/gateway.yaml");
  assert.ok(config !== null && config.admin !== null);
  return {
    ...config,
    admin: { ...config.admin, ...admin },
    listeners: config.listeners.map((one) => ({ ...one, ...listener })),
    upstreams: config.upstreams.map((one) => ({ ...one, ...upstream })),
  };
}

function tell(before: Parts, after: Parts): string[] {
  const { effects } = diffConfigs(configure(before), configure(after));
  return effects.map(({ kind, sentence, opens }) => `${opens ? "!" : ""}${kind}: ${sentence}`);
}

const PAIR = { cert: "CERT", certFile: "/a.pem", key: new Secret("KEY"), keyFile: "/a.key" };
const PLAIN: CertificateConfig = { pair: PAIR, acme: null, clientAuth: null };
const CLIENTS = { mode: "required", ca: "CA", caFile: "/ca.pem", crl: ["LIST"] } as const;
const GUARDED: CertificateConfig = { ...PLAIN, clientAuth: CLIENTS };

const tls = (certificates: readonly CertificateConfig[], minVersion: "TLSv1.2" | "TLSv1.3" = "TLSv1.2") => ({ minVersion, certificates });
const listen = (...certificates: CertificateConfig[]): Parts => ({ listener: { tls: tls(certificates) } });
const call = (more: Partial<NonNullable<UpstreamConfig["tls"]>> = {}): Parts => ({
  upstream: { tls: { ca: null, caFile: null, crl: [], serverName: null, identity: null, minVersion: "TLSv1.2", ...more } },
});

const OF = "with the certificate /a.pem";

/** The other way is told as well: it closes what this one opens. */
const CASES: readonly (readonly [title: string, before: Parts, after: Parts, there: readonly string[], back: readonly string[]])[] = [
  [
    "TLS for clients that goes",
    listen(PLAIN),
    {},
    ["!loosens: the listener https no longer speaks TLS: what passes is cleartext"],
    ["tightens: the listener https speaks TLS"],
  ],
  [
    "an older version",
    { listener: { tls: tls([PLAIN], "TLSv1.3") } },
    listen(PLAIN),
    ["!loosens: the listener https relaxes its least version of TLS: TLSv1.3 becomes TLSv1.2"],
    ["tightens: the listener https sharpens its least version of TLS: TLSv1.2 becomes TLSv1.3"],
  ],
  [
    "clients that are asked for nothing",
    listen(GUARDED),
    listen(PLAIN),
    [`!loosens: the listener https no longer asks clients for certificates, ${OF}`],
    [`tightens: the listener https asks clients for certificates, ${OF} (required)`],
  ],
  [
    "clients that may come without a certificate",
    listen(GUARDED),
    listen({ ...PLAIN, clientAuth: { ...CLIENTS, mode: "optional" } }),
    [`!loosens: the listener https no longer requires certificates of clients, ${OF}: who has none is let in`],
    [`tightens: the listener https requires certificates of clients, ${OF}`],
  ],
  [
    "a certificate beside others that asks nobody for one",
    listen(GUARDED),
    listen(GUARDED, { ...PLAIN, pair: { ...PAIR, certFile: "/b.pem" } }),
    ["!loosens: the listener https serves the certificate /b.pem too"],
    ["tightens: the listener https no longer serves the certificate /b.pem"],
  ],
  [
    "revocation that nobody asks about",
    listen(GUARDED),
    listen({ ...PLAIN, clientAuth: { ...CLIENTS, crl: [] } }),
    [`!loosens: the listener https no longer asks whether a certificate was revoked, ${OF}`],
    [`tightens: the listener https asks whether a certificate was revoked, ${OF}`],
  ],
  [
    "PROXY headers that are believed from more",
    { listener: { proxyProtocol: { from: ["10.1.0.0/16"] } } },
    { listener: { proxyProtocol: { from: ["10.0.0.0/8"] } } },
    [
      "!loosens: the listener https believes PROXY headers from more: 10.0.0.0/8",
      "changes: the listener https no longer names 10.1.0.0/16, which it takes all the same",
    ],
    [
      "changes: the listener https names 10.1.0.0/16, which it took before",
      "tightens: the listener https believes PROXY headers from fewer: 10.0.0.0/8",
    ],
  ],
  [
    "PROXY headers that are believed at all",
    {},
    { listener: { proxyProtocol: { from: ["10.0.0.1"] } } },
    ["!loosens: the listener https believes PROXY headers from 10.0.0.1"],
    ["tightens: the listener https no longer believes PROXY headers"],
  ],
  [
    "an upstream that is called in cleartext",
    call(),
    {},
    ["!loosens: the upstream shop is no longer called over TLS: what passes is cleartext"],
    ["tightens: the upstream shop is called over TLS"],
  ],
  [
    "an admin token that goes",
    { admin: { token: new Secret("hunter2") } },
    {},
    ["!loosens: the gateway asks for no token any more at its admin interface"],
    ["tightens: the gateway asks for a token at its admin interface"],
  ],
  [
    "TLS of the admin address",
    { admin: { tls: tls([GUARDED]) } },
    {},
    ["!loosens: the admin interface no longer speaks TLS: what passes is cleartext"],
    ["tightens: the admin interface speaks TLS"],
  ],
];

describe("trust", () => {
  for (const [title, before, after, there, back] of CASES) {
    it(`tells ${title}, and its return`, () => {
      assert.deepEqual(tell(before, after), there);
      assert.deepEqual(tell(after, before), back);
    });
  }

  it("is only different with another certificate, key or authority, of which digests of what is public are told", () => {
    const renewed = { ...GUARDED, pair: { ...PAIR, cert: "CERT 2", key: new Secret("hunter2") }, clientAuth: { ...CLIENTS, ca: "CA 2" } };
    const effects = tell(listen(GUARDED), listen(renewed));
    assert.equal(effects.length, 3);
    assert.match(effects[0] ?? "", /^changes: the listener https has another content of the certificate \/a\.pem: \w{8} becomes \w{8}$/);
    assert.equal(effects[1], "changes: the listener https has another key for the certificate /a.pem");
    assert.match(
      effects[2] ?? "",
      /^changes: the listener https believes other authorities of clients' certificates, with .*: \w{8} becomes \w{8}$/,
    );
    assert.ok(!effects.join().includes("hunter2"));
  });

  it("is told of a certificate whose file has another name as of the one in its place", () => {
    const moved = { ...PLAIN, pair: { ...PAIR, certFile: "/b.pem" } };
    assert.deepEqual(tell(listen(GUARDED), listen(moved)), [
      "!loosens: the listener https no longer asks clients for certificates, with the certificate /b.pem",
      "changes: the listener https has another file of the certificate /b.pem: /a.pem becomes /b.pem",
    ]);
  });

  it("is told when another certificate becomes the default", () => {
    const other = { ...PLAIN, pair: { ...PAIR, certFile: "/b.pem" } };
    assert.deepEqual(tell(listen(PLAIN, other), listen(other, PLAIN)), [
      "changes: the listener https has its certificates in another order, of which the first is the default",
    ]);
  });

  it("in upstreams is told by what proves them", () => {
    assert.deepEqual(tell(call({ serverName: "a.internal" }), call({ identity: PAIR })), [
      "changes: the upstream shop has another name that its certificates must carry: a.internal becomes none",
      "changes: the upstream shop gets the gateway's own certificate: /a.pem",
    ]);
  });
});
