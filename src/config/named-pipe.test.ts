// A named pipe in the place of a file: opening it waits for a writer, so that whoever may put a file there could keep the gateway from
// starting. If this is broken the test doesn't end.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadConfig } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-pipe-"));
after(() => rmSync(folder, { recursive: true }));

describe("a named pipe", () => {
  it("is refused as a team's file and as what a reference names, and the rest is served", async () => {
    for (const name of ["secret", "team-b.yaml"]) execFileSync("mkfifo", [join(folder, name)]);
    const root = join(folder, "gateway.yaml");
    writeFileSync(
      root,
      `version: 1
gateway: { include: [team-*.yaml] }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes: [{ name: x, match: { path: /x }, public: true, respond: {} }]
`,
    );
    writeFileSync(
      join(folder, "team-a.yaml"),
      'version: 1\nteam: { name: a }\nroutes: [{ name: a, match: { path: /a }, public: true, respond: { body: "${file:secret}" } }]\n',
    );
    const { config, teams } = await loadConfig(root);
    assert.deepEqual(
      config?.routes.map(({ name }) => name),
      ["x"],
    );
    assert.deepEqual(
      teams.map(({ issues }) => issues.map(({ code, message }) => [code, /it is a pipe/.test(message)])),
      [[["SP_CONFIG_REFERENCED_FILE", true]], [["SP_CONFIG_FILE_UNREADABLE", true]]],
    );
  });
});
