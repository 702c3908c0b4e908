// Signed requests (RFC 9421) through the real gateway, sent by curl over HTTP/1.1 and HTTP/2, signed by openssl and by a library that others
// use: what was signed gets through, what was changed on the way, sent twice or signed by somebody else does not.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createSigner, httpbis } from "http-message-signatures";
import { systemClock } from "../../src/base/index.ts";
import { parseConfig, systemConfigHost } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { type Signer, signedFields } from "../../src/identity/hmac/testdata/sign.ts";
import { MemoryLineSink } from "../../src/telemetry/index.ts";
import { openssl, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { defaultTransport } from "../../src/transport/index.ts";
import { missing, RUNTIME, run, Stage } from "./processes.ts";

const SECRET = "a shared secret of 32 bytes or more";

interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly body?: string;
  readonly protocol: string;
  readonly fields: readonly (readonly [string, string])[];
}

interface Answer {
  readonly status: number;
  readonly seen: { readonly method: string; readonly url: string; readonly headers: Readonly<Record<string, string>> } | null;
  readonly problem: string;
}

describe(`signed requests on ${RUNTIME}`, { skip: whyNoForge() || missing("curl") }, () => {
  const stage = new Stage();
  let gateway: Gateway;
  let authority = "";
  let nonces = 0;

  before(async () => {
    for (const name of ["ours", "strange"]) openssl(["genpkey", "-algorithm", "ed25519", "-out", join(stage.folder, `${name}.key`)]);
    openssl(["pkey", "-in", join(stage.folder, "ours.key"), "-pubout", "-out", join(stage.folder, "ours.pem")]);
    const upstream = await stage.startService();
    const text = `version: 1
listeners: [{ name: http, address: "127.0.0.1:0", protocols: [h2, http/1.1] }]
upstreams: { echo: { endpoints: ["${upstream}"] } }
identities:
  partners:
    hmac:
      keys:
        shop: { algorithm: ed25519, publicKey: ours.pem, owner: the shop, tenant: acme, roles: [partner] }
        bank: { algorithm: hmac-sha256, secret: "\${env:BANK_SECRET}" }
      nonce: required
routes:
  - { name: orders, match: { path: /orders/* }, auth: [partners], upstream: echo }
  - { name: passed, match: { path: /passed/* }, auth: [partners], upstream: echo, forwardCredential: true }
`;
    const { config, issues } = parseConfig(text, join(stage.folder, "gateway.yaml"), {
      ...systemConfigHost(),
      env: { BANK_SECRET: SECRET },
    });
    assert.deepEqual(
      issues.filter(({ severity }) => severity === "error"),
      [],
    );
    gateway = await createGateway(config ?? assert.fail(), {
      transport: defaultTransport(),
      clock: systemClock,
      logSink: new MemoryLineSink(),
    });
    const [listener] = gateway.listeners;
    assert.ok(listener !== undefined && "port" in listener.address);
    authority = `127.0.0.1:${listener.address.port}`;
  });
  after(async () => {
    await gateway?.stop(0);
    await stage.stop();
  });

  /** By the openssl command, from files. */
  function opensslSigner(name: string): Signer {
    return (base) => {
      const files = ["base", "signature"].map((each) => join(stage.folder, `${name}.${each}`)) as [string, string];
      writeFileSync(files[0], base);
      openssl(["pkeyutl", "-sign", "-rawin", "-inkey", join(stage.folder, `${name}.key`), "-in", files[0], "-out", files[1]]);
      return Buffer.from(openssl(["base64", "-A", "-in", files[1]]), "base64");
    };
  }

  function sign(
    method: string,
    target: string,
    { body = "", signer = opensslSigner("ours"), keyId = "shop", nonce = `n${nonces++}` } = {},
  ) {
    const [path = "", query = ""] = target.split("?");
    const digest = `sha-256=:${createHash("sha256").update(body).digest("base64")}:`;
    const own = body === "" ? [] : ([["Content-Digest", digest]] as const);
    const covered = [
      ["@method", method],
      ["@authority", authority],
      ["@path", path],
      ["@query", `?${query}`],
      ...own.map(([, value]) => ["content-digest", value] as const),
    ] as const;
    const parameters = `created=${Math.floor(Date.now() / 1000)};keyid="${keyId}";nonce="${nonce}"`;
    return [...own, ...signedFields({ covered, parameters, signer })];
  }

  async function ask({ method = "GET", path = "/orders/1?a=1", body = "", protocol, fields }: Ask): Promise<Answer> {
    const headers = fields.flatMap(([name, value]) => ["-H", `${name}: ${value}`]);
    const data = body === "" ? [] : ["--data-binary", body, "-H", "Content-Type: application/octet-stream"];
    const url = `http://${authority}${path}`;
    const { out, err } = await run("curl", [
      "-sS",
      "--max-time",
      "10",
      "-w",
      "\n%{http_code}",
      protocol,
      "-X",
      method,
      ...headers,
      ...data,
      url,
    ]);
    const end = out.lastIndexOf("\n");
    const status = Number(out.slice(end + 1));
    assert.notEqual(status, 0, err);
    const text = out.slice(0, end);
    return { status, seen: status === 200 ? (JSON.parse(text) as Answer["seen"]) : null, problem: status === 200 ? "" : text };
  }

  /** By Node's own client, which keeps an answer that comes before the body was sent. The status. */
  function askHttp2({ method, body, fields }: { method: string; body: string; fields: Ask["fields"] }): Promise<number> {
    return new Promise((resolve, reject) => {
      const session = connect(`http://${authority}`);
      const stream = session.request({ ":method": method, ":path": "/orders/1?a=1", ...Object.fromEntries(fields) });
      stream.once("response", (answer) => {
        resolve(answer[":status"] ?? 0);
        session.destroy();
      });
      stream.once("error", reject);
      stream.end(body);
    });
  }

  for (const protocol of ["--http1.1", "--http2-prior-knowledge"]) {
    describe(`by curl ${protocol}`, () => {
      it("are from who signed them, and their service sees who that is and no signature", async () => {
        const { status, seen } = await ask({ protocol, fields: sign("GET", "/orders/1?a=1") });
        assert.equal(status, 200);
        const { headers, url } = seen ?? assert.fail();
        assert.equal(url, "/orders/1?a=1");
        assert.deepEqual([headers["x-user-id"], headers["x-tenant-id"], headers["x-user-roles"]], ["the shop", "acme", "partner"]);
        assert.deepEqual([headers["signature"], headers["signature-input"]], [undefined, undefined]);
      });

      it("are passed on as they are where the route says so", async () => {
        const fields = sign("GET", "/passed/1");
        const { seen } = await ask({ path: "/passed/1", protocol, fields });
        for (const [name, value] of fields) assert.equal(seen?.headers[name.toLowerCase()], value);
      });

      it("are good when a library of others signs them", async () => {
        const request = { method: "GET", url: `http://${authority}/orders/1?a=1`, headers: {} };
        const key = createSigner(SECRET, "hmac-sha256", "bank");
        const signed = await httpbis.signMessage(
          {
            key,
            fields: ["@method", "@authority", "@path", "@query"],
            params: ["created", "keyid", "alg", "nonce"],
            paramValues: { nonce: `library-${nonces++}` },
          },
          request,
        );
        const { seen } = await ask({
          protocol,
          fields: Object.entries(signed.headers).map(([name, value]) => [name, String(value)] as const),
        });
        assert.equal(seen?.headers["x-user-id"], "bank");
      });

      it("bring the body that was signed, and none that was changed", async () => {
        const fields = () => sign("POST", "/orders/1?a=1", { body: "three books" });
        const good = await ask({ method: "POST", protocol, body: "three books", fields: fields() });
        assert.equal(good.status, 200);
        assert.equal(good.seen?.method, "POST");
        const changed = await ask({ method: "POST", protocol, body: "seven books", fields: fields() });
        assert.equal(changed.status, 401);
        assert.match(changed.problem, /SP_AUTH_INVALID/);
        // It is refused before its body is read, and curl 7.88 loses such an answer over HTTP/2 when it comes before the body was sent.
        const unsigned = { method: "POST", body: "three books", fields: sign("POST", "/orders/1?a=1") };
        assert.equal(protocol === "--http1.1" ? (await ask({ ...unsigned, protocol })).status : await askHttp2(unsigned), 401);
      });

      it("are refused when they were changed on the way, or are by somebody else", async () => {
        for (const [what, changes] of [
          ["method", { method: "DELETE" }],
          ["path", { path: "/orders/2?a=1" }],
          ["spelling", { path: "/orders/%31?a=1" }],
          ["query", { path: "/orders/1?a=2" }],
          ["signer", { fields: sign("GET", "/orders/1?a=1", { signer: opensslSigner("strange") }) }],
          ["key", { fields: sign("GET", "/orders/1?a=1", { keyId: "bank" }) }],
          ["nothing but a signature", { fields: sign("GET", "/orders/1?a=1").slice(1) }],
        ] as const) {
          const { status, problem } = await ask({ protocol, fields: sign("GET", "/orders/1?a=1"), ...changes });
          assert.equal(status, 401, what);
          assert.match(problem, /SP_AUTH_INVALID/, what);
        }
      });

      it("are good once", async () => {
        const fields = sign("GET", "/orders/1?a=1");
        const answers = await Promise.all(Array.from({ length: 4 }, () => ask({ protocol, fields })));
        assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401, 401]);
      });

      it("are missing with 401", async () => {
        const { status, problem } = await ask({ protocol, fields: [] });
        assert.equal(status, 401);
        assert.match(problem, /SP_AUTH_REQUIRED/);
      });
    });
  }
});
