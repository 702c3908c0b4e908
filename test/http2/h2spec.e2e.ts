// The gateway under h2spec in strict mode, plain and over TLS, to upstreams of either version.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, type Pair, startOnNode, writePair } from "../e2e/http2-gateway.ts";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { findH2spec, readReport, runH2spec } from "./h2spec.ts";

/** The suite has a few more: a report with less has not seen the gateway. */
const CASES = 140;

/** What h2spec finds and we mean, with the reason: here by how a listener is reached. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "plain, both versions": {
    // What begins otherwise is HTTP/1.1 there (RFC 9113 3.3: prior knowledge is shown by the preface), and gets 400 in its own words.
    "http2/3.5 Sends invalid connection preface": "answered in HTTP/1.1",
  },
};

describe("a report of h2spec", () => {
  it("is read case by case, with what went wrong", () => {
    const cases = readReport(`<testsuites><testsuite name="5.1.1. Stream Identifiers" package="http2/5.1.1" id="5.1.1">
      <testcase package="http2/5.1.1" classname="Sends even-numbered stream identifier" time="0.0005"></testcase>
      <testcase package="http2/5.1.1" classname="Sends the client&#39;s own" time="2.0010"><error>GOAWAY Frame\nDATA Frame</error></testcase>
    </testsuite></testsuites>`);
    assert.deepEqual(cases, [
      { title: "http2/5.1.1 Sends even-numbered stream identifier", failure: null },
      { title: "http2/5.1.1 Sends the client's own", failure: "GOAWAY Frame\nDATA Frame" },
    ]);
  });
});

const program = findH2spec();
const skip = program === null ? "not installed: h2spec (scripts/install-test-tools.sh brings it)" : whyNoForge();

describe(`h2spec on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let pair: Pair;

  before(() => {
    pair = writePair(stage);
  });

  after(() => stage.stop());

  async function start(upstream: "h1" | "h2", plainProtocols: string): Promise<Http2Gateway> {
    const { port } = await startOnNode(stage, "../e2e/http2-service.ts");
    const [h1, h2] = port.split(" ");
    return Http2Gateway.start(stage, {
      pair,
      upstreams: {
        app: { url: `http://127.0.0.1:${upstream === "h1" ? h1 : h2}`, protocol: upstream === "h1" ? "http/1.1" : "h2" },
      },
      routes: ["  - { name: all, match: { path: /* }, public: true, upstream: app }"],
      plainProtocols,
    });
  }

  async function judge(way: string, upstream: string, gateway: Http2Gateway, isTls: boolean): Promise<void> {
    const port = isTls ? gateway.tlsPort : gateway.plainPort;
    const cases = await runH2spec(program ?? "", stage.folder, port, isTls);
    const meant = EXCEPTIONS[way] ?? {};
    const failed = cases.filter(({ title, failure }) => failure !== null && meant[title] === undefined);
    tell(
      `h2spec, ${way}, upstream ${upstream}: ${cases.length} cases, ${failed.length} failed, ${Object.keys(meant).length} meant otherwise`,
    );
    assert.ok(cases.length >= CASES, `only ${cases.length} cases ran`);
    assert.deepEqual(failed, [], gateway.process.err);
    // An exception that is none any more must go.
    for (const title of Object.keys(meant))
      assert.ok(
        cases.some((one) => one.title === title && one.failure !== null),
        title,
      );
  }

  for (const upstream of ["h1", "h2"] as const) {
    it(`finds nothing over TLS and in the clear, upstream ${upstream}`, async () => {
      const gateway = await start(upstream, "h2");
      await judge("plain, h2 alone", upstream, gateway, false);
      await judge("TLS", upstream, gateway, true);
    });
  }

  it("finds nothing where both versions are spoken in the clear", async () => {
    await judge("plain, both versions", "h2", await start("h2", "h2, http/1.1"), false);
  });
});
