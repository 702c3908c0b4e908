// gRPC-Web to the real server of grpc-js, as pages send it: fetch over HTTP/1.1. And the health of such servers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, type ServiceProcess, startOnNode, writePair } from "./http2-gateway.ts";
import { RUNTIME, Stage, waitFor } from "./processes.ts";

const ROUTES = [
  "  - { name: suite, match: { path: /test.Suite/* }, public: true, upstream: suite, timeout: off, grpcWeb: true }",
  "  - { name: well, match: { path: /test.Health/* }, public: true, upstream: well, grpcWeb: true }",
  "  - { name: page, match: { path: /page }, public: true, upstream: page }",
  "  - { name: silent, match: { path: /silent }, public: true, upstream: silent }",
];
const OFTEN = "interval: 200ms, timeout: 200ms, healthyAfter: 1, unhealthyAfter: 2";
const HEALTHY = "sallyport_upstream_endpoint_healthy";
const CHANGE_MS = 10_000;

function frame(message: Uint8Array | string): Buffer {
  const bytes = Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

interface WebAnswer {
  readonly status: number;
  readonly fields: Headers;
  readonly messages: readonly Buffer[];
  /** The last frame's lines, or of a call that ended with its head its fields. */
  readonly trailers: ReadonlyMap<string, string>;
}

function readFrames(body: Buffer, fields: Headers, status: number): WebAnswer {
  const messages: Buffer[] = [];
  const trailers = new Map<string, string>(body.length === 0 ? [...fields] : []);
  for (let at = 0; at < body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    const content = body.subarray(at + 5, end);
    assert.equal(content.length, end - at - 5, "a frame is cut");
    if (body[at] === 0x80) {
      assert.equal(end, body.length, "trailers stand last");
      for (const line of content.toString("latin1").split("\r\n").slice(0, -1)) {
        const colon = line.indexOf(": ");
        trailers.set(line.slice(0, colon), line.slice(colon + 2));
      }
    } else messages.push(content);
    at = end;
  }
  return { status, fields, messages, trailers };
}

/** Pieces of base64, each with its padding. */
function fromBase64(text: string): Buffer {
  return Buffer.concat((text.match(/[^=]+={0,2}/g) ?? []).map((piece) => Buffer.from(piece, "base64")));
}

describe(`gRPC-Web on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;
  let well: ServiceProcess;

  async function call(
    method: string,
    message: Uint8Array | string,
    more: { isText?: boolean; fields?: Record<string, string> } = {},
  ): Promise<WebAnswer> {
    const isText = more.isText === true;
    const response = await fetch(`http://127.0.0.1:${gateway.plainPort}${method}`, {
      method: "POST",
      headers: { "content-type": `application/grpc-web${isText ? "-text" : ""}+proto`, "x-grpc-web": "1", ...more.fields },
      body: isText ? frame(message).toString("base64") : frame(message),
    });
    const bytes = Buffer.from(await response.arrayBuffer());
    return readFrames(isText ? fromBase64(bytes.toString("latin1")) : bytes, response.headers, response.status);
  }

  before(async () => {
    const suite = await startOnNode(stage, "grpc-service.ts");
    well = await startOnNode(stage, "grpc-health-service.ts");
    const page = await stage.startService();
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      upstreams: {
        suite: { url: `http://127.0.0.1:${suite.port}`, protocol: "h2", more: `health: { active: { grpc: {}, ${OFTEN} } }` },
        well: {
          url: `http://127.0.0.1:${well.port}`,
          protocol: "h2",
          more: `health: { active: { grpc: { service: test.Health }, ${OFTEN} } }`,
        },
        page: { url: page, protocol: "http/1.1", more: `health: { active: { path: /, ${OFTEN} } }` },
        silent: { url: "http://127.0.0.1:1", protocol: "http/1.1", more: `health: { active: { path: /, ${OFTEN} } }` },
      },
      routes: ROUTES,
    });
  });

  after(() => stage.stop());

  for (const isText of [false, true]) {
    const form = isText ? "in base64" : "in bytes";

    it(`carries a call ${form}: its metadata, its message, its trailers`, async () => {
      const { status, fields, messages, trailers } = await call("/test.Suite/Echo", "hello", { isText, fields: { "x-mine": "mine" } });
      assert.equal(status, 200);
      assert.equal(fields.get("content-type"), `application/grpc-web${isText ? "-text" : ""}+proto`);
      assert.equal(fields.get("x-yours"), "mine");
      assert.deepEqual(messages.map(String), ["hello"]);
      assert.deepEqual([trailers.get("grpc-status"), trailers.get("x-bytes")], ["0", "5"]);
    });

    it(`streams from the service ${form}`, async () => {
      const { messages, trailers } = await call("/test.Suite/Download", "300 10000", { isText });
      assert.equal(messages.length, 300);
      assert.ok(messages.every(({ length }) => length === 10_000));
      assert.equal(trailers.get("grpc-status"), "0");
    });

    it(`tells of an error with its details ${form}`, async () => {
      const { messages, trailers } = await call("/test.Suite/Fail", "as asked", { isText, fields: { fail: "9" } });
      assert.equal(messages.length, 0);
      assert.deepEqual([trailers.get("grpc-status"), trailers.get("grpc-message"), trailers.get("x-why")], ["9", "as%20asked", "as asked"]);
    });
  }

  it("passes large messages both ways, whole", async () => {
    const message = Buffer.alloc(4 * 1024 * 1024, "0123456789abcdef");
    for (const isText of [false, true]) {
      const { messages } = await call("/test.Suite/Echo", message, { isText });
      assert.ok(messages.length === 1 && messages[0]?.equals(message));
    }
  });

  it("ends a call at the page's deadline", async () => {
    const { trailers } = await call("/test.Suite/Hang", "", { fields: { "grpc-timeout": "300m" } });
    assert.equal(trailers.get("grpc-status"), "4");
  });

  it("asks servers of grpc-js and of HTTP/1.1 whether they are well, and hears of a change", async () => {
    const health = async (upstream: string): Promise<number> => gateway.count(HEALTHY, `upstream="${upstream}"`);
    await waitFor(async () => (await health("silent")) === 0, CHANGE_MS, "nobody listens at one");
    await waitFor(async () => (await health("suite")) === 0, CHANGE_MS, "one has no health service");
    assert.deepEqual([await health("well"), await health("page")], [1, 1]);
    const set = (status: number) => call("/test.Health/Set", Uint8Array.of(status));
    await set(2);
    await waitFor(async () => (await health("well")) === 0, CHANGE_MS, "one does not serve");
    const { messages } = await set(1);
    assert.ok(Number(messages[0]) >= 2, "the only endpoint is used all the same");
    await waitFor(async () => (await health("well")) === 1, CHANGE_MS, "it serves again");
    await well.stop();
    await waitFor(async () => (await health("well")) === 0, CHANGE_MS, "it is gone");
    for (const why of [
      "silent: .*ECONNREFUSED",
      "suite: .*it has no grpc.health.v1.Health",
      "well: .*it says NOT_SERVING",
      "well: .* is well again",
    ]) {
      assert.match(gateway.process.err, new RegExp(`upstream ${why}`));
    }
  });
});
