import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, post } from "../../../test/pipeline/policy-stage.ts";
import type { RedirectConfig } from "../../config/index.ts";
import { DEFAULT_PATH_RULES } from "../../http/index.ts";
import { normalise } from "../index.ts";
import { compileRedirect } from "./index.ts";

const PLAIN: RedirectConfig = { status: 308, scheme: null, authority: null, path: null, query: "keep" };
const TAIL = ["/new/", { param: "*" }];

function start(config: Partial<RedirectConfig>, path = "/old/*"): Promise<PolicyStage> {
  return PolicyStage.create({
    path,
    answersItself: true,
    listenerPolicies: [normalise({ ...DEFAULT_PATH_RULES, encodedSlash: "keep" })],
    policies: [compileRedirect({ ...PLAIN, ...config })],
  });
}

async function locate(config: Partial<RedirectConfig>, request: string): Promise<string> {
  const stage = await start(config);
  const answer = stage.send(request).response();
  assert.match(answer.startLine, new RegExp(` ${config.status ?? 308} `));
  assert.equal(answer.body, "");
  assert.deepEqual(valuesOf(answer, "content-length"), ["0"]);
  assert.deepEqual(valuesOf(answer, "cache-control"), []);
  assert.equal(stage.server.seen.length, 0);
  stage.finish();
  const [location = ""] = valuesOf(answer, "location");
  return location;
}

describe("a redirect", () => {
  it("to a path stays on the site, and takes tail and query along", async () => {
    assert.equal(await locate({ path: TAIL }, get("/old/x?a=b")), "/new/x?a=b");
    assert.equal(await locate({ path: TAIL, query: "drop", status: 302 }, get("/old/x?a=b")), "/new/x");
    assert.equal(await locate({ path: TAIL }, get("/old")), "/new");
    assert.equal(await locate({ path: ["/", { param: "*" }] }, get("/old")), "/");
  });

  it("to a URL goes to that host, whatever the request's", async () => {
    const config = { scheme: "https", authority: "www.test:8443", path: TAIL } as const;
    assert.equal(await locate(config, get("/old/x?q")), "https://www.test:8443/new/x?q");
    assert.equal(await locate(config, "GET /old/x HTTP/1.0\r\n\r\n"), "https://www.test:8443/new/x");
  });

  it("to another scheme keeps host, path and query, and drops the port", async () => {
    assert.equal(
      await locate({ scheme: "https" }, "GET /old//x/%7e?a=%7e HTTP/1.1\r\nHost: A.Test:8080\r\n\r\n"),
      "https://a.test/old//x/~?a=%7e",
    );
    assert.equal(await locate({ scheme: "https" }, "GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), "https://[::1]/");
  });

  it("to another scheme is refused to a request that names no host", async () => {
    const stage = await start({ scheme: "https" });
    const client = stage.send("GET /old HTTP/1.0\r\n\r\n");
    assert.deepEqual([client.status, client.code], [400, "SP_REDIRECT_NO_HOST"]);
    stage.finish();
  });

  it("answers every method, a body or none", async () => {
    const stage = await start({ path: TAIL, status: 307 });
    const client = stage.send(post("some body").replace("/x", "/old/1"));
    assert.deepEqual([client.status, valuesOf(client.response("POST"), "location")], [307, ["/new/1"]]);
    const head = stage.send(get("/old/2").replace("GET", "HEAD"));
    assert.deepEqual([head.status, valuesOf(head.response("HEAD"), "location")], [307, ["/new/2"]]);
    stage.finish();
  });

  it("is never an open one: nothing that a client sends makes a path another site's", async () => {
    const stages = await Promise.all([
      start({ path: ["/", { param: "*" }] }),
      start({ path: ["/", { param: "id" }, "/", { param: "*" }] }, "/:id/*"),
      start({ path: ["/", { param: "*" }] }, "/*"),
      start({ path: TAIL }),
    ]);
    const piece = fc.constantFrom(
      "/",
      "//",
      "\\",
      "%5C",
      "%2F",
      "%2f",
      ".",
      "..",
      "%2e",
      "@",
      ":",
      "evil.test",
      "http://",
      "?",
      "#",
      "\t",
      "%09",
      "x",
      ";",
    );
    let redirected = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...stages),
        fc.array(piece, { maxLength: 8 }),
        fc.constantFrom("/old", "/", ""),
        (stage, pieces, start) => {
          const client = stage.send(get(`${start}/${pieces.join("")}`));
          if (client.status === 308) {
            redirected++;
            const [location = ""] = valuesOf(client.response(), "location");
            assert.match(location, /^\/(?![/\\])[!-~]*$/);
            assert.equal(new URL(location, "http://here.test/").host, "here.test");
          } else assert.equal(client.status, 400);
          client.leave();
        },
      ),
      { numRuns: 500 },
    );
    assert.ok(redirected > 50, `only ${redirected} were redirected`);
    for (const stage of stages) stage.finish();
  });
});
