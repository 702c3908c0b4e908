import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { CidrSet } from "../../base/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { forwardRequest, forwardResponse } from "./index.ts";

const TRUSTED = ["10.0.0.0/8", "2001:db8:1::/48"];

class Told {
  readonly #fields: readonly (readonly [string, string])[];
  readonly clientAddress: string;
  readonly clientScheme: string;
  readonly requestId: string;
  /** X-Request-Id and Via of the response. */
  readonly answered: readonly string[];

  constructor(stage: PolicyStage, from: string, lines: string, host: string) {
    const client = stage.connect(from).send(get("/x", lines).replace("Host: a.test", `Host: ${host}`));
    this.#fields = stage.server.seen.at(-1)?.fields ?? [];
    const exchange = stage.begun.at(-1);
    this.clientAddress = exchange?.clientAddress ?? "";
    this.clientScheme = exchange?.clientScheme ?? "";
    this.requestId = exchange?.requestId ?? "";
    this.answered = client
      .response()
      .fields.filter(([name]) => name === "x-request-id" || name === "via")
      .map((field) => field.join(": "));
  }

  all(name: string): string[] {
    return this.#fields.filter(([each]) => each === name).map(([, value]) => value);
  }
}

async function ask(from: string, lines = "", host = "a.test", trusted: readonly string[] = TRUSTED): Promise<Told> {
  const stage = await PolicyStage.create({ listenerPolicies: [forwardRequest(CidrSet.of(...trusted)), forwardResponse()] });
  const told = new Told(stage, from, lines, host);
  stage.finish();
  return told;
}

const CLAIMS =
  "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Port: 444\r\n" +
  "Forwarded: for=1.1.1.1;proto=https\r\nX-Real-IP: 1.1.1.1\r\nX-Request-Id: mine\r\nX_Forwarded_For: 2.2.2.2\r\nx--real_ip: 2.2.2.2\r\n";

describe("a client that nobody trusts", () => {
  it("is told of as it is, and its own claims go in every spelling", async () => {
    const told = await ask("203.0.113.7", CLAIMS);
    assert.deepEqual(told.all("x-forwarded-for"), ["203.0.113.7"]);
    assert.deepEqual(told.all("x-forwarded-proto"), ["http"]);
    assert.deepEqual(told.all("x-forwarded-host"), ["a.test"]);
    assert.deepEqual(told.all("forwarded"), ["for=203.0.113.7;host=a.test;proto=http"]);
    assert.deepEqual(told.all("via"), ["1.1 sallyport"]);
    for (const name of ["x-forwarded-port", "x-real-ip", "x_forwarded_for", "x--real_ip"]) assert.deepEqual(told.all(name), [], name);
    assert.deepEqual(told.all("x-request-id"), [told.requestId]);
    assert.notEqual(told.requestId, "mine");
    assert.equal(told.clientAddress, "203.0.113.7");
    assert.equal(told.clientScheme, "http");
  });

  it("can't say where it is or what it asked for by fields that services believe of proxies", async () => {
    const claims =
      "X-Forwarded-Client-Cert: Subject=root\r\nx_forwarded__user: root\r\nX-Forwarded-: x\r\n" +
      "Proxy: http://evil.test\r\nTrue_Client_IP: 1.1.1.1\r\nX-Forwarded-Prefix: /admin\r\n" +
      "x-original-url: /admin\r\nX-Rewrite-URL: /admin\r\n";
    const fromClient = await ask("203.0.113.7", `${claims}X-Forwardedness: kept\r\nX: kept\r\n`);
    const fromProxy = await ask("10.0.0.1", claims);
    for (const name of claims.split("\r\n").flatMap((line) => line.split(":")[0]?.toLowerCase() || [])) {
      assert.deepEqual(fromClient.all(name), [], name);
      assert.equal(fromProxy.all(name).length, 1, name);
    }
    assert.deepEqual([...fromClient.all("x-forwardedness"), ...fromClient.all("x")], ["kept", "kept"]);
  });

  it("may have an IPv6 address, which Forwarded quotes", async () => {
    const told = await ask("2001:db8:2::7", "", "a.test:8080");
    assert.deepEqual(told.all("x-forwarded-for"), ["2001:db8:2::7"]);
    assert.deepEqual(told.all("forwarded"), ['for="[2001:db8:2::7]";host="a.test:8080";proto=http']);
  });

  it("is every client where no proxy is trusted", async () => {
    const told = await ask("10.1.2.3", CLAIMS, "a.test", []);
    assert.deepEqual(told.all("x-forwarded-for"), ["10.1.2.3"]);
    assert.equal(told.clientAddress, "10.1.2.3");
  });

  it("keeps the Via of who came before, which the gateway adds to", async () => {
    assert.deepEqual((await ask("203.0.113.7", "Via: 1.1 other\r\n")).all("via"), ["1.1 other", "1.1 sallyport"]);
  });
});

describe("a trusted proxy", () => {
  it("is believed, and what it says is continued", async () => {
    const told = await ask(
      "10.1.2.3",
      "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: shop.test\r\nX-Forwarded-Port: 443\r\n" +
        "Forwarded: for=203.0.113.7\r\nX-Request-Id: abc-1.2_3\r\nX-Real-IP: 203.0.113.7\r\n",
    );
    assert.deepEqual(told.all("x-forwarded-for"), ["203.0.113.7, 10.1.2.3"]);
    assert.deepEqual(told.all("x-forwarded-proto"), ["https"]);
    assert.deepEqual(told.all("x-forwarded-host"), ["shop.test"]);
    assert.deepEqual(told.all("x-forwarded-port"), ["443"]);
    assert.deepEqual(told.all("forwarded"), ["for=203.0.113.7, for=10.1.2.3;host=a.test;proto=http"]);
    assert.deepEqual(told.all("x-real-ip"), []);
    assert.equal(told.requestId, "abc-1.2_3");
    assert.equal(told.clientAddress, "203.0.113.7");
    assert.equal(told.clientScheme, "https");
    assert.deepEqual(told.answered, ["via: 1.1 sallyport", "x-request-id: abc-1.2_3"]);
  });

  for (const [chain, client] of [
    ["203.0.113.7", "203.0.113.7"],
    ["1.1.1.1, 203.0.113.7", "203.0.113.7"],
    ["1.1.1.1, 203.0.113.7, 10.9.9.9", "203.0.113.7"],
    ["1.1.1.1,203.0.113.7,10.9.9.9,10.8.8.8", "203.0.113.7"],
    ["10.9.9.9, 10.8.8.8", "10.9.9.9"],
    ["2001:db8:2::7, 2001:db8:1::1", "2001:db8:2::7"],
    ["2001:DB8:2:0::7", "2001:db8:2::7"],
    ["203.0.113.7, nonsense, 10.9.9.9", "10.9.9.9"],
    ["nonsense", "10.1.2.3"],
    ["unknown, 10.9.9.9", "10.9.9.9"],
    ["", "10.1.2.3"],
    [",,,", "10.1.2.3"],
    ["1.1.1.1, ", "10.1.2.3"],
    ["1.2.3.4.5", "10.1.2.3"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    [`203.0.113.7${", 10.0.0.1".repeat(100)}`, "10.0.0.1"],
  ] as const) {
    it(`that says ${JSON.stringify(chain.slice(0, 50))} speaks for ${client}`, async () => {
      const told = await ask("10.1.2.3", `X-Forwarded-For: ${chain}\r\n`);
      assert.equal(told.clientAddress, client);
      assert.equal(told.all("x-forwarded-for").length, 1);
      assert.ok(told.all("x-forwarded-for")[0]?.endsWith(", 10.1.2.3"));
    });
  }

  it("may say it in several lines, which count as one list", async () => {
    const told = await ask("10.1.2.3", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 203.0.113.7, 10.9.9.9\r\n");
    assert.equal(told.clientAddress, "203.0.113.7");
    assert.deepEqual(told.all("x-forwarded-for"), ["1.1.1.1, 203.0.113.7, 10.9.9.9, 10.1.2.3"]);
  });

  it("that says nothing speaks for itself", async () => {
    const told = await ask("2001:db8:1::5");
    assert.equal(told.clientAddress, "2001:db8:1::5");
    assert.deepEqual(told.all("x-forwarded-for"), ["2001:db8:1::5"]);
  });

  it("is not believed in a scheme that is none", async () => {
    const told = await ask("10.1.2.3", "X-Forwarded-Proto: javascript\r\n");
    assert.deepEqual(told.all("x-forwarded-proto"), ["http"]);
    assert.equal(told.clientScheme, "http");
  });

  for (const id of ["", "a b", "a/b", 'a"b', "a\tb", "é", "a".repeat(129)]) {
    it(`gets a new request id in place of ${JSON.stringify(id.slice(0, 20))}`, async () => {
      const told = await ask("10.1.2.3", `X-Request-Id: ${id}\r\n`);
      assert.match(told.requestId, /^id-\d$/);
      assert.deepEqual(told.all("x-request-id"), [told.requestId]);
      assert.ok(told.answered.includes(`x-request-id: ${told.requestId}`));
    });
  }

  it("may give an id of 128 characters", async () => {
    assert.equal((await ask("10.1.2.3", `X-Request-Id: ${"a".repeat(128)}\r\n`)).requestId, "a".repeat(128));
  });
});

describe("what came over HTTP/2", () => {
  /** A stage on which requests and responses came in that version. */
  async function play(trusted: CidrSet, isRequest: boolean, isResponse: boolean) {
    const wire: Policy = {
      name: "wire",
      phase: "normalise",
      request(exchange) {
        if (isRequest) Object.defineProperty(exchange.head, "version", { value: 20 });
        return CONTINUE;
      },
    };
    const origin: Policy = {
      name: "origin",
      phase: "answer",
      response(exchange) {
        if (isResponse && exchange.response !== null) exchange.response.version = 20;
        return CONTINUE;
      },
    };
    const stage = await PolicyStage.create({ listenerPolicies: [wire, forwardRequest(trusted), forwardResponse()], policies: [origin] });
    const answered = stage.connect("10.0.0.1").send(get()).response();
    const via = (fields: readonly (readonly [string, string])[] = []) =>
      fields.filter(([name]) => name === "via").map(([, value]) => value);
    stage.finish();
    return { request: via(stage.server.seen.at(-1)?.fields), response: via(answered.fields) };
  }

  for (const trusted of [CidrSet.of(), CidrSet.of(...TRUSTED)]) {
    it(`has another version in Via, from ${trusted.isEmpty ? "a client" : "a trusted proxy"}`, async () => {
      assert.deepEqual(await play(trusted, true, false), { request: ["2.0 sallyport"], response: ["1.1 sallyport"] });
      assert.deepEqual(await play(trusted, false, true), { request: ["1.1 sallyport"], response: ["2.0 sallyport"] });
    });
  }
});

describe("the gateway's own answers", () => {
  it("bear the request's id, and no Via: nobody was asked", async () => {
    const stage = await PolicyStage.create({ listenerPolicies: [forwardRequest(CidrSet.of()), forwardResponse()] });
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    const response = stage.send(get()).response();
    const { requestId } = JSON.parse(response.body) as { requestId: string };
    assert.deepEqual(
      response.fields.filter(([name]) => name === "x-request-id" || name === "via"),
      [["x-request-id", requestId]],
    );
    assert.equal(requestId, stage.begun[0]?.requestId);
    const refused = stage.send("nonsense\r\n\r\n").response();
    assert.equal(refused.fields.filter(([name]) => name === "x-request-id").length, 1);
    stage.finish();
  });

  it("take the place of the upstream's own X-Request-Id", async () => {
    const stage = await PolicyStage.create({ listenerPolicies: [forwardRequest(CidrSet.of()), forwardResponse()] });
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send("HTTP/1.1 200 OK\r\nX-Request-Id: theirs\r\nVia: 1.1 inner\r\nContent-Length: 0\r\n\r\n"),
    };
    const { fields } = stage.send(get()).response();
    assert.deepEqual(
      fields.filter(([name]) => name === "x-request-id" || name === "via").map(([, value]) => value),
      ["1.1 inner", "1.1 sallyport", stage.begun[0]?.requestId],
    );
    stage.finish();
  });
});
