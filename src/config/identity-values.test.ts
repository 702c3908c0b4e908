import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  isCleartext,
  parseAfterLogout,
  parseCookieName,
  parseIssuerUrl,
  parseOwnPath,
  parsePublicHost,
  parseServiceUrl,
  parseTimeOfDay,
  parseTrustedUrl,
  parseZone,
} from "./identity-values.ts";
import { Refusal, type ValueParser } from "./refusal.ts";

function takes(parse: ValueParser<unknown>, good: readonly string[], bad: readonly string[]): void {
  for (const text of good) assert.ok(!(parse(text) instanceof Refusal), text);
  for (const text of bad) assert.ok(parse(text) instanceof Refusal, text);
}

describe("URLs of who is asked", () => {
  it("have a scheme and no credentials", () => {
    takes(
      parseServiceUrl,
      ["https://a.example.com", "http://a.example.com:8181/v1/data?x=1", "http://[::1]:80/"],
      ["a.example.com", "ftp://a", "https://", "https://u:p@a", "https://u@a", "https://a/#b", "https://a b", "https://a/\\b", ""],
    );
  });

  it("that say who calls are asked over TLS, or within this machine", () => {
    takes(
      parseTrustedUrl,
      ["https://a.example.com/", "http://127.0.0.1:9000", "http://127.8.9.1", "http://[::1]:9000/x", "http://localhost:1"],
      ["http://a.example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://localhost.example.com", "http://[::2]"],
    );
  });

  it("of an issuer have no query", () => takes(parseIssuerUrl, ["https://a/realms/x"], ["https://a/?x", "http://a/"]));

  it("are in the clear where others can listen", () => {
    assert.deepEqual(["http://a/", "https://a/", "http://127.0.0.1/", "http://127.a/", "http://[::1]/", "nonsense"].map(isCleartext), [
      true,
      false,
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("times", () => {
  it("are minutes of a day", () => {
    assert.deepEqual(["00:00", "08:05", "23:59", "24:00"].map(parseTimeOfDay), [0, 485, 1439, 1440]);
    takes(parseTimeOfDay, [], ["24:01", "25:00", "08:60", "8:00", "08:00:00", "0800", "", "-1:00", "6pm"]);
  });

  it("belong to places", () =>
    takes(parseZone, ["UTC", "Europe/Berlin", "America/Argentina/Ushuaia"], ["", "Mars/Base", "+02:00", "-3", "Europe/"]));
});

describe("names and places of sessions", () => {
  it("are cookies' names", () => takes(parseCookieName, ["sid", "__Host-sid"], ["", "a b", "a=b", "a;b", "ä", "a".repeat(129)]));
  it("are plain paths", () =>
    takes(parseOwnPath, ["/login", "/.sallyport/web"], ["", "/", "/a/", "a", "/a//b", "/../a", "/./a", "/a?b", "/a%2Fb"]));
  it("are hosts with a port at most", () => {
    assert.equal(parsePublicHost("WWW.Example.com:8443"), "www.example.com:8443");
    takes(parsePublicHost, ["localhost:3000"], ["https://a", "*.example.com", "a/b", "a:b", ""]);
  });
  it("lead to a path or a URL after a logout", () => {
    takes(parseAfterLogout, ["/", "/bye?x=1", "https://a.example.com/bye"], ["", "bye", "//evil", "/\\evil", "javascript:x", "/a b"]);
  });
});
