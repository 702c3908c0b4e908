// The gateway under h2spec in strict mode, plain and over TLS, to upstreams of either version.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, type Pair, startOnNode, writePair } from "../e2e/http2-gateway.ts";
import { RUNTIME, Stage, tell } from "../e2e/processes.ts";
import { findH2spec, readReport, runH2spec } from "./h2spec.ts";

/** At most so few belong to the suite: a report with less has not seen the gateway. */
const CASES = 140;

/** h2spec reads RFC 7540; where RFC 9113 says otherwise we follow it. Title and reason. */
const EXCEPTIONS: Readonly<Record<string, string>> = {};

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

  for (const upstream of ["h1", "h2"] as const) {
    it(`finds nothing, upstream ${upstream}`, async () => {
      const { port } = await startOnNode(stage, "http2-service.ts");
      const [h1, h2] = port.split(" ");
      const gateway = await Http2Gateway.start(stage, {
        pair,
        upstreams: {
          app: { url: `http://127.0.0.1:${upstream === "h1" ? h1 : h2}`, protocol: upstream === "h1" ? "http/1.1" : "h2" },
        },
        routes: ["  - { name: all, match: { path: /* }, public: true, upstream: app }"],
      });
      for (const [way, gatewayPort] of [
        ["plain", gateway.plainPort],
        ["TLS", gateway.tlsPort],
      ] as const) {
        const cases = await runH2spec(program ?? "", stage.folder, gatewayPort, way === "TLS");
        const failed = cases.filter(({ title, failure }) => failure !== null && EXCEPTIONS[title] === undefined);
        tell(`h2spec, ${way}, upstream ${upstream}: ${cases.length} cases, ${failed.length} failed`);
        assert.ok(cases.length >= CASES, `only ${cases.length} cases ran`);
        assert.deepEqual(failed, [], gateway.process.err);
        for (const title of Object.keys(EXCEPTIONS))
          assert.ok(
            cases.some((one) => one.title === title),
            `there is no case ${title}`,
          );
      }
    });
  }
});
