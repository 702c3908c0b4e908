// What docs/guides/testing.md promises: a project beside a checkout, in which `npm install ../sallyport` has made a link, tests its gateway on
// either runtime; and so does Bun's own runner.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HERE = join(ROOT, "examples/testing");
const VITEST = join(ROOT, "node_modules/vitest/vitest.mjs");

let project: string;

interface Ended {
  readonly exitCode: number;
  readonly said: string;
}

/** Without the variables by which a runner knows that it was started by another. */
function run(command: string, args: readonly string[], cwd: string): Promise<Ended> {
  const { NODE_TEST_CONTEXT: _, NODE_OPTIONS: __, ...rest } = process.env;
  const env = { ...rest, NO_COLOR: "1" };
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, timeout: 60_000 }, (error, out, err) => {
      resolve({ exitCode: error === null ? 0 : typeof error.code === "number" ? error.code : 1, said: out + err });
    });
  });
}

function runtimePath(name: "bun" | "node"): string {
  return listRuntimes()[name] ?? assert.fail(`${name} is not here`);
}

describe("a project beside a checkout", () => {
  before(() => {
    project = mkdtempSync(join(tmpdir(), "sallyport-user-"));
    mkdirSync(join(project, "node_modules"));
    symlinkSync(ROOT, join(project, "node_modules/sallyport"), "dir");
    writeFileSync(join(project, "package.json"), JSON.stringify({ type: "module", dependencies: { sallyport: "file:../sallyport" } }));
    for (const name of ["gateway.yaml", "catalog.test.ts"]) copyFileSync(join(HERE, name), join(project, name));
  });

  after(() => rmSync(project, { recursive: true, force: true }));

  it("tests its gateway under node:test", async () => {
    const { exitCode, said } = await run(runtimePath("node"), ["--test", "catalog.test.ts"], project);
    assert.equal(exitCode, 0, said);
    assert.match(said, /pass 3/);
  });

  it("tests its gateway under bun test", async () => {
    const { exitCode, said } = await run(runtimePath("bun"), ["test", "./catalog.test.ts"], project);
    assert.equal(exitCode, 0, said);
    assert.match(said, /3 pass/);
  });
});

describe("the examples of other runners", () => {
  it("run under bun test with its own words", async () => {
    const { exitCode, said } = await run(runtimePath("bun"), ["test", "./examples/testing/catalog.bun.ts"], ROOT);
    assert.equal(exitCode, 0, said);
    assert.match(said, /3 pass/);
  });

  it("run under vitest", async () => {
    const { exitCode, said } = await run(runtimePath("node"), [VITEST, "run", "--root", HERE], ROOT);
    assert.equal(exitCode, 0, said);
    assert.match(said, /Tests.* 3 passed/);
  });
});
