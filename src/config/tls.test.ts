// What a configuration says about TLS where no golden text can show it: which files are read, whose secrets are told, where a finding of
// another room has its place.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { createFakeHost } from "./config-host-fake.ts";
import { formatIssues, type LoadedConfig, type OutsideFinding, parseConfig, resolveInput } from "./index.ts";
import { mutate, PIECES } from "./mutate.fuzz.ts";

const PEM = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
const FILES = { "/etc/g/certs/a.pem": PEM, "/etc/g/certs/a.key": KEY, "/etc/g/certs/ca.pem": PEM, "/etc/g/teams/ca.pem": PEM };
const TEAM = `version: 1
team: { name: shop }
upstreams:
  shop: { endpoints: [https://shop.internal], tls: { ca: ca.pem } }
routes: [{ name: shop, match: { path: /shop }, public: true, upstream: shop }]
`;
const ROOT = `version: 1
gateway: { include: [teams/*.yaml], stateDir: state }
listeners:
  - name: https
    address: 127.0.0.1:8443
    tls:
      certificates:
        - { cert: certs/a.pem, key: certs/a.key, clientAuth: { ca: certs/ca.pem, crl: certs/a.crl, mode: required } }
`;

function load(text: string, files: Readonly<Record<string, string>> = {}, env: Readonly<Record<string, string>> = {}): LoadedConfig {
  return parseConfig(text, "/etc/g/gateway.yaml", createFakeHost({ ...FILES, ...files }, env));
}

function codes({ issues }: LoadedConfig): string[] {
  return issues.map(({ code }) => code);
}

function find(code: OutsideFinding["code"], path: OutsideFinding["path"]): OutsideFinding {
  return { code, severity: "warning", path, message: "it has expired", hint: "renew it" };
}

describe("files of certificates", () => {
  it("are told as files of the configuration, whether they are there or not", () => {
    const { files, config } = load(ROOT);
    assert.equal(config, null);
    assert.deepEqual(files.filter((file) => file.includes("certs")).sort(), [
      "/etc/g/certs/a.crl",
      "/etc/g/certs/a.key",
      "/etc/g/certs/a.pem",
      "/etc/g/certs/ca.pem",
    ]);
  });

  it("are at most 1 MiB", () => {
    const loaded = load(ROOT, { "/etc/g/certs/a.crl": PEM.padEnd(1024 * 1024 + 1) });
    assert.deepEqual(codes(loaded), ["SP_CONFIG_TEAM_INCLUDE", "SP_CONFIG_REFERENCED_FILE"]);
    assert.match(loaded.issues[1]?.message ?? "", /`certs\/a\.crl`.*larger than 1 MiB/);
    assert.deepEqual(codes(load(ROOT, { "/etc/g/certs/a.crl": PEM.padEnd(1024 * 1024) })), ["SP_CONFIG_TEAM_INCLUDE"]);
  });

  it("of a team that can't be read keep that team alone from being served", () => {
    const files = { "/etc/g/certs/a.crl": PEM, "/etc/g/teams/shop.yaml": TEAM };
    const good = load(ROOT, files);
    assert.deepEqual(codes(good), []);
    assert.equal(good.config?.upstreams[0]?.tls?.caFile, "/etc/g/teams/ca.pem");
    const bad = load(ROOT, { ...files, "/etc/g/teams/ca.pem": "der" });
    assert.deepEqual(codes(bad), ["SP_CONFIG_REFERENCED_FILE"]);
    assert.equal(bad.config?.upstreams.length, 0);
    assert.equal(bad.teams[0]?.state, "missing");
  });

  it("are written by paths: a key that stands in their place is not told", () => {
    const text = ROOT.replace("certs/a.key", '"${env:KEY}"');
    const loaded = load(text, { "/etc/g/certs/a.crl": PEM }, { KEY });
    assert.ok(codes(loaded).includes("SP_CONFIG_BAD_VALUE"));
    assert.ok(!JSON.stringify(loaded.issues).includes("c2VjcmV0"));
  });

  it("give keys that no printing shows", () => {
    const { config } = load(ROOT, { "/etc/g/certs/a.crl": PEM });
    assert.equal(config?.listeners[0]?.tls?.certificates[0]?.pair?.key.reveal(), KEY);
    assert.ok(!JSON.stringify(config).includes("c2VjcmV0"));
  });
});

describe("the admin address", () => {
  const admin = (section: string) => codes(load(`version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\nadmin: ${section}\n`));
  const TOKEN = "0123456789abcdef";

  it("needs nothing where only this machine can connect", () => {
    for (const address of ["127.0.0.1:9", "127.9.9.9:9", '"[::1]:9"', "unix:admin.sock"])
      assert.deepEqual(admin(`{ address: ${address} }`), []);
  });

  it("asks who connects from elsewhere: for a token, or for a certificate whatever name the client asks for", () => {
    const ours = "cert: certs/a.pem, key: certs/a.key";
    const required = `{ ${ours}, clientAuth: { ca: certs/ca.pem, mode: required } }`;
    const optional = `{ ${ours}, clientAuth: { ca: certs/ca.pem, mode: optional } }`;
    for (const address of ["0.0.0.0:9", "10.0.0.1:9", '"[::]:9"', '"[fd00::1]:9"']) {
      assert.deepEqual(admin(`{ address: ${address} }`), ["SP_CONFIG_ADMIN_OPEN"]);
      assert.deepEqual(admin(`{ address: ${address}, token: ${TOKEN} }`), []);
      assert.deepEqual(admin(`{ address: ${address}, tls: { certificates: [${required}] } }`), []);
      for (const list of [`{ ${ours} }`, optional, `${required}, ${optional}`, `${required}, { ${ours} }`]) {
        assert.deepEqual(admin(`{ address: ${address}, tls: { certificates: [${list}] } }`), ["SP_CONFIG_ADMIN_OPEN"]);
      }
    }
  });

  it("takes no token that can be guessed, and tells none", () => {
    const short = load('version: 1\nadmin: { address: 127.0.0.1:9, token: "hunter2-hunter2" }\nlisteners: []\nacme: { token: hunter2 }\n');
    assert.ok(codes(short).includes("SP_CONFIG_WEAK_TOKEN"));
    assert.ok(!formatIssues(short.issues, { colour: false }).includes("hunter2"));
    const referred = load("version: 1\nadmin: { address: 127.0.0.1:9, token: '${env:TOKEN}' }\nlisteners: []\n", {}, { TOKEN: "hunter2 " });
    assert.ok(codes(referred).includes("SP_CONFIG_WEAK_TOKEN"));
    assert.ok(formatIssues(referred.issues, { colour: false }).includes("${env:TOKEN}"));
    assert.ok(!formatIssues(referred.issues, { colour: false }).includes("hunter2"));
  });
});

describe("words about TLS", () => {
  const text = readFileSync(new URL("./testdata/tls/gateway.in.txt", import.meta.url), "utf8");
  const env = { ADMIN_TOKEN: "0123456789abcdef", EAB: "bWFj", KEY_FILE: "certs/api.key" };
  // Every file is there.
  const host = { ...createFakeHost({}, env), readFile: () => new TextEncoder().encode(PEM), listFolder: () => [] };

  it("with a map, a list, nothing, a number or a text in place of any value never throw, and are told to be wrong", () => {
    const pieces = ["{}", "[]", "{ a: 1 }", "[a]", "null", "0", "x", "off"];
    let tried = 0;
    for (let at = 0; at !== -1; at = text.indexOf(": ", at + 1)) {
      for (const piece of pieces) {
        const { config, issues } = parseConfig(mutate(text, [[4, at, PIECES.indexOf(piece)]]), "/etc/g/gateway.yaml", host);
        assert.equal(
          config === null,
          issues.some(({ severity }) => severity === "error"),
        );
        for (const { message } of issues) assert.ok(!/undefined|\[object/.test(message), message);
        tried++;
      }
    }
    assert.ok(tried > 300);
  });

  it("say each key's mistake once", () => {
    const certificates = (list: string) => `version: 1\nlisteners: [{ name: a, address: 127.0.0.1:1, tls: { certificates: ${list} } }]\n`;
    for (const list of ["[]", "[x]", "[1]", "[null]", "[[]]", "{}", "x", "[{}]"]) {
      assert.equal(parseConfig(certificates(list), "/etc/g/gateway.yaml", host).issues.length, 1, list);
    }
  });
});

describe("what another room finds in a certificate", () => {
  const loaded = load(ROOT, { "/etc/g/certs/a.crl": PEM, "/etc/g/teams/shop.yaml": TEAM });

  it("is told at the place that names the file", () => {
    const issue = loaded.toIssue(find("SP_TLS_CERT_EXPIRED", ["listeners", 0, "tls", "certificates", 0, "cert"]));
    assert.equal(
      formatIssues([issue], { colour: false }),
      [
        "/etc/g/gateway.yaml:8:19 SP_TLS_CERT_EXPIRED (warning)",
        "  8 |         - { cert: certs/a.pem, key: certs/a.key, clientAuth: { ca: certs/ca.pem, crl: certs/a.crl, mode: required } }",
        "    |                   ^^^^^^^^^^^",
        "  it has expired",
        "  hint: renew it",
        "",
      ].join("\n"),
    );
  });

  it("is told of the first of lists where one is written without a list", () => {
    const issue = loaded.toIssue(find("SP_TLS_CRL_OVERDUE", ["listeners", 0, "tls", "certificates", 0, "clientAuth", "crl", 0]));
    assert.deepEqual([issue.line, issue.column], [8, 87]);
  });

  it("is told in the team's file when the upstream is the team's", () => {
    const { file, line, column, severity } = loaded.toIssue(find("SP_TLS_CA_EXPIRED", ["upstreams", "shop", "tls", "ca"]));
    assert.deepEqual({ file, line, column, severity }, { file: "/etc/g/teams/shop.yaml", line: 4, column: 58, severity: "warning" });
  });

  it("has its path even where there is no text", () => {
    const input = { version: 1, listeners: [{ name: "http", address: "127.0.0.1:8080" }] };
    const path = ["listeners", 0, "tls", "certificates", 1, "key"];
    const { toIssue } = resolveInput(input, "/etc/g/gateway.ts", createFakeHost());
    assert.equal(toIssue(find("SP_TLS_KEY_WEAK", path)).path, "listeners[0].tls.certificates[1].key");
  });
});

describe("a host that knows certificates", () => {
  const texts = { "/etc/g/certs/a.crl": PEM, "/etc/g/teams/shop.yaml": TEAM };
  const judged = (bad: string, severity: "error" | "warning", text = ROOT): LoadedConfig => {
    const say = (path: OutsideFinding["path"], isBad: boolean) => (isBad ? [{ ...find("SP_TLS_CERT_EXPIRED", path), severity }] : []);
    const host = createFakeHost({ ...FILES, ...texts });
    return parseConfig(text, "/etc/g/gateway.yaml", {
      ...host,
      tls: {
        listener: ({ certificates }) => certificates.flatMap(({ pair }, at) => say(["certificates", at, "cert"], pair?.certFile === bad)),
        upstream: ({ caFile }) => say(["ca"], caFile === bad),
      },
    });
  };
  const tell = ({ config, issues, teams }: LoadedConfig) => ({
    isServed: config !== null,
    upstreams: config?.upstreams.length,
    teams: teams.map(({ state }) => state),
    issues: issues.map(({ code, file, path }) => `${code} ${file} ${path}`),
  });

  it("refuses the gateway for its own", () => {
    assert.deepEqual(tell(judged("/etc/g/certs/a.pem", "error")), {
      isServed: false,
      upstreams: undefined,
      teams: ["missing"],
      issues: ["SP_TLS_CERT_EXPIRED /etc/g/gateway.yaml listeners[0].tls.certificates[0].cert"],
    });
    const admin = `${ROOT}admin: { address: 127.0.0.1:9901, tls: { certificates: [{ cert: certs/ca.pem, key: certs/a.key }] } }\n`;
    assert.deepEqual(tell(judged("/etc/g/certs/ca.pem", "error", admin)).issues, [
      "SP_TLS_CERT_EXPIRED /etc/g/gateway.yaml admin.tls.certificates[0].cert",
    ]);
  });

  it("has a team pay for its own alone", () => {
    assert.deepEqual(tell(judged("/etc/g/teams/ca.pem", "error")), {
      isServed: true,
      upstreams: 0,
      teams: ["missing"],
      issues: ["SP_TLS_CERT_EXPIRED /etc/g/teams/shop.yaml upstreams.shop.tls.ca"],
    });
  });

  it("only warns of what time made wrong", () => {
    for (const bad of ["/etc/g/certs/a.pem", "/etc/g/teams/ca.pem"]) {
      const { isServed, upstreams, teams, issues } = tell(judged(bad, "warning"));
      assert.deepEqual({ isServed, upstreams, teams, count: issues.length }, { isServed: true, upstreams: 1, teams: ["good"], count: 1 });
    }
  });
});
