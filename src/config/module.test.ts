import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { loadConfig, resolveInput } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-module-"));
after(() => rmSync(folder, { recursive: true }));

const LISTENERS = [{ name: "http", address: "127.0.0.1:8080", bounds: undefined }];

async function load(name: string, text: string) {
  const file = join(folder, name);
  writeFileSync(file, text);
  return loadConfig(file);
}

describe("a module", () => {
  it("is loaded for its default export, whose issues stand at line 1 with their path", async () => {
    const { config, issues } = await load(
      "good.ts",
      'const listeners: unknown[] = [{ name: "http", address: "unix:a" }];\nexport default { version: 1, listeners };\n',
    );
    assert.deepEqual(issues, []);
    assert.deepEqual(config?.listeners[0]?.address, { path: join(folder, "a") });
    const bad = await load("bad.mjs", "export default { version: 2, listeners: [] };\n");
    assert.deepEqual(
      bad.issues.map(({ path, line, column }) => `${path} ${line} ${column}`),
      ["version 1 1", "listeners 1 1"],
    );
  });

  it("tells the path in words, since it has no lines", async () => {
    const { issues } = await load(
      "names.ts",
      'export default { version: 1, listeners: [{ name: "http", address: "unix:a" }],\n  routes: [{ name: "r", match: { path: "/r" }, public: true, upstream: "shop" }] };\n',
    );
    assert.equal(issues[0]?.message, "`routes[0].upstream`: no upstream is named `shop`");
  });

  it("that lacks the package is told how to link it", async () => {
    const { issues } = await load("lone.ts", 'import { defineGateway } from "sallyport";\nexport default defineGateway({});\n');
    assert.match(issues[0]?.hint ?? "", /npm install PATH/);
    const other = await load("other.mjs", 'import "sallyport-plugins";\n');
    assert.equal(other.issues[0]?.hint, undefined);
  });

  it("that can't be imported, or exports no configuration, is an issue", async () => {
    for (const [name, text] of [
      ["throws.mjs", "throw new Error('x');"],
      ["syntax.mjs", "export default {"],
      ["none.mjs", "export const a = 1;"],
      ["number.mjs", "export default 5;"],
      ["list.mjs", "export default [];"],
      ["function.mjs", "export default () => ({});"],
    ] as const) {
      const { config, issues } = await load(name, text);
      assert.equal(config, null);
      assert.deepEqual(
        issues.map(({ code, line }) => `${code} ${line}`),
        ["SP_CONFIG_MODULE 1"],
        name,
      );
    }
    assert.equal((await loadConfig(join(folder, "missing.ts"))).issues[0]?.code, "SP_CONFIG_MODULE");
  });
});

describe("a configuration that is a value", () => {
  it("may hold undefined for what is left out", () => {
    const { config, issues } = resolveInput({ version: 1, listeners: LISTENERS, admin: undefined }, "g.ts");
    assert.deepEqual(issues, []);
    assert.equal(config?.listeners[0]?.bounds.lineBytes, 8192);
  });

  it("that is no plain data is an issue that names the place", () => {
    const circle: Record<string, unknown> = { version: 1 };
    circle["gateway"] = circle;
    const getter = Object.defineProperty({}, "version", {
      enumerable: true,
      get() {
        throw new Error("no");
      },
    });
    for (const [value, path] of [
      [{ version: 1, listeners: () => [] }, "listeners"],
      [{ version: 1, listeners: [new Date(0)] }, "listeners[0]"],
      [{ version: 1, listeners: [undefined] }, "listeners[0]"],
      [{ version: 1n }, "version"],
      [circle, "gateway"],
      [getter, ""],
      [undefined, ""],
      [new Map(), ""],
    ] as const) {
      const { config, issues } = resolveInput(value, "g.ts");
      assert.equal(config, null);
      assert.deepEqual(
        issues.map((issue) => `${issue.code} ${issue.path}`),
        [`SP_CONFIG_MODULE ${path}`],
      );
    }
  });
});
