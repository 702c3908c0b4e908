import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fields, fieldName, RequestHead } from "../../http/index.ts";
import { isNavigation, isOwnNavigation, isUnsafe, judgeSender } from "./cross-site.ts";

type Said = Readonly<Record<string, string>>;

function request(said: Said, { method = "POST", upgrade = null as string | null, scheme = "https" as "http" | "https" } = {}) {
  const fields = new Fields("");
  for (const [name, value] of Object.entries(said)) fields.add(fieldName(name), value);
  const head = new RequestHead(method, "/x", scheme, 11, fields);
  head.authority = "App.test";
  head.upgrade = upgrade;
  return { head, clientScheme: scheme };
}

const NAVIGATION = { "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };

describe("a request that changes something", () => {
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "CONNECT", "PURGE", "get"]) {
    it(`is a ${method}`, () => assert.equal(isUnsafe(request({}, { method })), true));
  }
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    it(`is no ${method}, unless it opens a WebSocket`, () => {
      assert.equal(isUnsafe(request({}, { method })), false);
      assert.equal(isUnsafe(request({}, { method, upgrade: "websocket" })), true);
    });
  }

  const hosts = ["shop.test", "Dev.test:8443"];
  for (const [title, said, isOwn, scheme] of [
    ["same origin", { "Sec-Fetch-Site": "same-origin" }, true],
    ["the person", { "Sec-Fetch-Site": "none" }, true],
    ["same site", { "Sec-Fetch-Site": "same-site" }, false],
    ["cross site", { "Sec-Fetch-Site": "cross-site" }, false],
    ["a word that is none", { "Sec-Fetch-Site": "Same-Origin" }, false],
    ["nothing", {}, false],
    ["its own origin", { Origin: "https://app.test" }, true],
    ["its own origin in cleartext", { Origin: "http://app.test" }, false],
    ["its own origin, all in cleartext", { Origin: "http://app.test" }, true, "http"],
    ["its own host on another port", { Origin: "https://app.test:8443" }, false],
    ["another origin", { Origin: "https://evil.test" }, false],
    ["an origin that begins so", { Origin: "https://app.test.evil.test" }, false],
    ["an origin that ends so", { Origin: "https://evil-app.test" }, false],
    ["null", { Origin: "null" }, false],
    ["an empty origin", { Origin: "" }, false],
    ["a host of the configuration", { Origin: "https://shop.test" }, true],
    ["one with a port", { Origin: "https://dev.test:8443" }, true],
    ["one without its port", { Origin: "https://dev.test" }, false],
    ["one in cleartext", { Origin: "http://shop.test" }, false],
    ["cross site of a host of the configuration", { "Sec-Fetch-Site": "cross-site", Origin: "https://shop.test" }, true],
    ["cross site that names its own origin", { "Sec-Fetch-Site": "cross-site", Origin: "https://app.test" }, false],
    ["same site of another origin", { "Sec-Fetch-Site": "same-site", Origin: "https://evil.test" }, false],
  ] as const) {
    it(`${isOwn ? "may" : "may not"} come from ${title}`, () => {
      const objection = judgeSender(request(said, { scheme: scheme ?? "https" }), hosts);
      assert.equal(objection === null, isOwn, objection ?? "");
    });
  }

  it("may not come from two origins", () => {
    const two = request({ Origin: "https://app.test" });
    two.head.fields.add(fieldName("Origin"), "https://evil.test");
    assert.notEqual(judgeSender(two, hosts), null);
  });
});

describe("a navigation", () => {
  const accept = { Accept: "text/html,*/*" };
  for (const [title, said, isIt, method = "GET", upgrade = null] of [
    ["a document", NAVIGATION, true],
    ["one of a browser that says nothing of it", accept, true],
    ["a frame", { ...NAVIGATION, "Sec-Fetch-Dest": "iframe" }, false],
    ["a script's", { ...accept, "Sec-Fetch-Mode": "cors" }, false],
    ["an image", { "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image" }, false],
    ["a script's of before", { ...accept, "X-Requested-With": "XMLHttpRequest" }, false],
    ["a program's", { Accept: "*/*" }, false],
    ["a form", NAVIGATION, false, "POST"],
    ["a WebSocket", accept, false, "GET", "websocket"],
  ] as const) {
    it(`is ${isIt ? "" : "not "}${title}`, () => assert.equal(isNavigation(request(said, { method, upgrade })), isIt));
  }

  for (const [title, said, isIt] of [
    ["a link of its own pages", { ...NAVIGATION, "Sec-Fetch-Site": "same-origin" }, true],
    ["the address bar", { ...NAVIGATION, "Sec-Fetch-Site": "none" }, true],
    ["a link of another site", { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" }, false],
    ["a link of a site beside it", { ...NAVIGATION, "Sec-Fetch-Site": "same-site" }, false],
    ["fetched ahead", { ...NAVIGATION, "Sec-Fetch-Site": "same-origin", "Sec-Purpose": "prefetch" }, false],
    ["an image of its own pages", { "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image", "Sec-Fetch-Site": "same-origin" }, false],
    ["of a browser that says nothing of it", { Accept: "text/html" }, false],
  ] as const) {
    it(`is ${isIt ? "" : "not "}the site's own: ${title}`, () => {
      assert.equal(isOwnNavigation(request(said, { method: "GET" })), isIt);
    });
  }
});
