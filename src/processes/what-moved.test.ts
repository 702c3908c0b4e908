import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "../config/index.ts";
import { loadingHost } from "../gateway/index.ts";
import { listMoves } from "./what-moved.ts";

function read(text: string) {
  const route = "routes: [{ name: all, match: { path: /* }, public: true, respond: { body: x } }]";
  const { config, issues } = parseConfig(`version: 1\n${text}\n${route}`, "gateway.yaml", loadingHost());
  assert.ok(config !== null, JSON.stringify(issues));
  return config;
}

const BEFORE = `
admin: { address: 127.0.0.1:9901 }
telemetry: { accessLog: { to: /var/log/a.log } }
listeners: [{ name: a, address: 127.0.0.1:8080 }, { name: b, address: "unix:/run/b.sock" }]`;

describe("what moved on the machine", () => {
  it("is nothing where addresses, workers and the log stay", () => {
    assert.deepEqual(listMoves(read(BEFORE), read(BEFORE), 2, 2), []);
  });

  it("is told with the place before, in the order of the configuration, and what is gone last", () => {
    const after = `
telemetry: { accessLog: {} }
listeners: [{ name: a, address: "[::1]:8081" }, { name: c, address: 127.0.0.1:8082 }]`;
    assert.deepEqual(listMoves(read(BEFORE), read(after), 2, 1), [
      "1 worker instead of 2",
      "listener a at http://[::1]:8081 instead of http://127.0.0.1:8080",
      "listener c is new, at http://127.0.0.1:8082",
      "access log at standard output instead of /var/log/a.log",
      "listener b at unix:/run/b.sock is gone",
      "admin at http://127.0.0.1:9901 is gone",
    ]);
  });
});
