import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type RawMessage, valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { LifecycleConfig } from "../../config/index.ts";
import { compileLifecycle } from "./index.ts";

const PLAIN: LifecycleConfig = { deprecatedMs: null, sunsetMs: null, link: null, afterSunset: "serve" };
const PAGE = "https://a.test/v1-ends";

async function start(config: Partial<LifecycleConfig>, lines = ""): Promise<PolicyStage> {
  const stage = await PolicyStage.create({ policies: [compileLifecycle({ ...PLAIN, ...config }) ?? assert.fail()] });
  const text = `HTTP/1.1 200 OK\r\n${lines}Content-Length: 0\r\n\r\n`;
  stage.server.script = { onHead() {}, onRequest: (connection) => connection.send(text) };
  return stage;
}

function told(answer: RawMessage): Record<string, string[]> {
  const names = ["deprecation", "sunset", "link"];
  return Object.fromEntries(names.map((name) => [name, valuesOf(answer, name)]).filter(([, values]) => values?.length !== 0));
}

describe("a route that will end", () => {
  it("says since when it is deprecated, when it ends and where to read of it", async () => {
    const stage = await start({ deprecatedMs: 1_688_169_599_999, sunsetMs: Date.UTC(2026, 11, 31, 23, 59, 59), link: PAGE });
    assert.deepEqual(told(stage.send(get()).response()), {
      deprecation: ["@1688169599"],
      sunset: ["Thu, 31 Dec 2026 23:59:59 GMT"],
      link: [`<${PAGE}>; rel="deprecation", <${PAGE}>; rel="sunset"`],
    });
    stage.finish();
  });

  it("says only what is known", async () => {
    for (const [config, expected] of [
      [{ deprecatedMs: 0 }, { deprecation: ["@0"] }],
      [{ sunsetMs: 0 }, { sunset: ["Thu, 01 Jan 1970 00:00:00 GMT"] }],
      [{ link: PAGE }, { link: [`<${PAGE}>; rel="deprecation"`] }],
    ] as const) {
      const stage = await start(config);
      assert.deepEqual(told(stage.send(get()).response()), expected);
      stage.finish();
    }
    assert.equal(compileLifecycle(null), null);
    assert.equal(compileLifecycle(PLAIN), null);
  });

  it("leaves the upstream's own links, and takes the place of its dates", async () => {
    const own = 'Link: <https://a.test/next>; rel="next"\r\nDeprecation: true\r\nSunset: Thu, 01 Jan 1970 00:00:00 GMT\r\n';
    const stage = await start({ deprecatedMs: 1000, link: PAGE }, own);
    assert.deepEqual(told(stage.send(get()).response()), {
      deprecation: ["@1"],
      sunset: ["Thu, 01 Jan 1970 00:00:00 GMT"],
      link: ['<https://a.test/next>; rel="next"', `<${PAGE}>; rel="deprecation"`],
    });
    stage.finish();
  });

  it("says so on the gateway's own faults", async () => {
    const stage = await start({ deprecatedMs: 1000 });
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 502 /);
    assert.deepEqual(told(answer), { deprecation: ["@1"] });
    stage.finish();
  });
});

describe("the sunset", () => {
  it("is the moment from which a route that goes answers 410, and still says when that was", async () => {
    const sunsetMs = Date.UTC(2026, 0, 1) + 5000;
    const gone = await start({ sunsetMs, afterSunset: "gone" });
    const statuses: number[] = [];
    for (const waitMs of [0, 4999 - (gone.clock.wall() - Date.UTC(2026, 0, 1)), 1, 60_000]) {
      gone.advance(waitMs);
      const client = gone.send(get());
      statuses.push(client.status);
      assert.deepEqual(valuesOf(client.response(), "sunset"), [new Date(sunsetMs).toUTCString()]);
      if (client.status === 410) assert.equal(client.code, "SP_LIFECYCLE_GONE");
      client.leave();
    }
    assert.deepEqual(statuses, [200, 200, 410, 410]);
    assert.equal(gone.server.seen.length, 2);
    gone.finish();
  });

  it("changes nothing for a route that goes on being served", async () => {
    const stage = await start({ sunsetMs: 0 });
    assert.equal(stage.send(get()).status, 200);
    stage.finish();
  });
});
