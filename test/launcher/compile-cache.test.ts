// Whose folder Node may run compiled code from, and that it is used.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { type FoundRuntime, keepCompiledCode, listRuntimes } from "../../bin/runtime.mjs";

const LAUNCHER = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "sallyport-cache-"));
after(() => rmSync(folder, { recursive: true }));

const OTHER_NODE: FoundRuntime = { name: "node", path: "", flags: [], own: false };

function choose(env: Record<string, string | undefined>, runtime: FoundRuntime = OTHER_NODE): string | undefined {
  keepCompiledCode(runtime, env);
  return env["NODE_COMPILE_CACHE"];
}

describe("what Node compiled", () => {
  it("is kept below the cache folder of the service, of the user, or of the user's home", () => {
    const [service, user] = [join(folder, "service"), join(folder, "user")];
    assert.equal(choose({ CACHE_DIRECTORY: service, XDG_CACHE_HOME: user, HOME: folder }), join(service, "sallyport"));
    assert.equal(choose({ XDG_CACHE_HOME: user, HOME: folder }), join(user, "sallyport"));
    assert.equal(choose({ HOME: folder }), join(folder, ".cache", "sallyport"));
    assert.equal(choose({}), undefined);
  });

  it("is kept nowhere where another could write, or where a link leads", () => {
    const open = join(folder, "open");
    mkdirSync(join(open, "sallyport"), { recursive: true });
    chmodSync(join(open, "sallyport"), 0o777);
    assert.equal(choose({ XDG_CACHE_HOME: open }), undefined);
    const linked = join(folder, "linked");
    mkdirSync(linked);
    symlinkSync(open, join(linked, "sallyport"));
    assert.equal(choose({ XDG_CACHE_HOME: linked }), undefined);
    assert.equal(choose({ XDG_CACHE_HOME: "/proc/nowhere" }), undefined);
    assert.equal(choose({ HOME: join(folder, "gone") }), undefined);
  });

  it("is Node's own matter where its environment says so, and none of Bun's", () => {
    assert.equal(choose({ NODE_COMPILE_CACHE: "/theirs", HOME: folder }), "/theirs");
    assert.equal(choose({ NODE_DISABLE_COMPILE_CACHE: "1", HOME: folder }), undefined);
    assert.equal(choose({ HOME: folder }, { ...OTHER_NODE, name: "bun" }), undefined);
  });

  const { node } = listRuntimes();
  it("is there after a first run", { skip: node === null && "no Node is installed" }, () => {
    const home = join(folder, "first-run");
    mkdirSync(home);
    const env = { PATH: process.env["PATH"] ?? "", SALLYPORT_RUNTIME: "node", HOME: home };
    const { status, stderr } = spawnSync(node ?? "", [LAUNCHER, "version"], { env, encoding: "utf8" });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    assert.ok(existsSync(join(home, ".cache", "sallyport")));
    assert.ok(readdirSync(join(home, ".cache", "sallyport")).length > 0);
  });

  it("is nowhere after a run without a home", { skip: node === null && "no Node is installed" }, () => {
    const cwd = join(folder, "homeless");
    mkdirSync(cwd);
    const env = { PATH: process.env["PATH"] ?? "", SALLYPORT_RUNTIME: "node" };
    assert.equal(spawnSync(node ?? "", [LAUNCHER, "version"], { env, cwd }).status, 0);
    assert.deepEqual(readdirSync(cwd), []);
  });
});
