// What packaging/ promises: units that systemd takes, and an image that is built and run as it should be. Where a checker of others is
// installed (systemd-analyze, hadolint) it is asked too.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, it } from "node:test";
import { listRuntimes } from "../../bin/runtime.mjs";
import { ROOT } from "./source-files.ts";

const PACKAGING = join(ROOT, "packaging");
const SERVICE = readFileSync(join(PACKAGING, "sallyport.service"), "utf8");
const DOCKERFILE = readFileSync(join(PACKAGING, "Dockerfile"), "utf8");
// Of systemd-analyze's scale from 0 (nothing is open) to 10.
const MOST_EXPOSED = 2.5;

/** The instructions in order, continued lines joined. */
const instructions = DOCKERFILE.replaceAll("\\\n", " ")
  .split("\n")
  .filter((line) => /^[A-Z]+ /.test(line));

function isInstalled(program: string): boolean {
  return spawnSync(program, ["--version"]).status === 0;
}

describe("the units of systemd", () => {
  const noSystemd = !isInstalled("systemd-analyze") && "systemd-analyze is not installed";

  it("are taken by systemd without a word", { skip: noSystemd }, () => {
    // It looks for the program as well, which need not be installed where the tests run.
    const { stderr, stdout } = spawnSync("systemd-analyze", ["verify", "--man=no", "sallyport.service", "sallyport.socket"], {
      cwd: PACKAGING,
      encoding: "utf8",
    });
    const lines = `${stdout}${stderr}`.split("\n").filter((line) => line.includes("sallyport") && !line.includes("is not executable"));
    assert.deepEqual(lines, []);
  });

  it(`leave the service little (exposure below ${MOST_EXPOSED})`, { skip: noSystemd }, () => {
    const { stdout } = spawnSync("systemd-analyze", ["security", "--offline=true", "--no-pager", "sallyport.service"], {
      cwd: PACKAGING,
      encoding: "utf8",
    });
    const level = Number(/Overall exposure level for sallyport\.service: ([\d.]+)/.exec(stdout)?.[1]);
    assert.ok(level < MOST_EXPOSED, `${level}`);
  });

  it("wait for readiness, reload by SIGHUP, and kill after the drain and no sooner", () => {
    for (const line of ["Type=notify", "NotifyAccess=all", "ExecReload=/bin/kill -HUP $MAINPID", "KillMode=mixed", "DynamicUser=yes"]) {
      assert.ok(SERVICE.split("\n").includes(line), line);
    }
    assert.ok(Number(/^TimeoutStopSec=(\d+)s$/m.exec(SERVICE)?.[1]) > 10);
  });
});

describe("the image", () => {
  it("is taken by hadolint", { skip: !isInstalled("hadolint") && "hadolint is not installed" }, () => {
    const { stdout, status } = spawnSync("hadolint", [join(PACKAGING, "Dockerfile")], { encoding: "utf8" });
    assert.deepEqual({ stdout, status }, { stdout: "", status: 0 });
  });

  it("stands on a base of one version", () => {
    const base = /^ARG NODE_IMAGE=(\S+)$/m.exec(DOCKERFILE)?.[1] ?? "";
    assert.match(base, /^node:\d+\.\d+\.\d+-/);
    for (const from of instructions.filter((line) => line.startsWith("FROM "))) assert.match(from, /^FROM \$\{NODE_IMAGE\}/);
  });

  it("is built without development packages and without scripts of packages", () => {
    const runs = instructions.filter((line) => line.startsWith("RUN ") && line.includes("npm"));
    assert.equal(runs.length, 1);
    assert.match(runs[0] ?? "", /npm ci --omit=dev --ignore-scripts/);
  });

  it("runs as nobody special, with the launcher as its first process", () => {
    const last = (name: string) => instructions.findLast((line) => line.startsWith(`${name} `)) ?? "";
    assert.match(last("USER"), /^USER [1-9]\d*:[1-9]\d*$/);
    assert.ok(instructions.indexOf(last("USER")) < instructions.indexOf(last("ENTRYPOINT")));
    // In the shell's form the shell would be the first process, and signals would end with it.
    assert.deepEqual(JSON.parse(last("ENTRYPOINT").slice("ENTRYPOINT ".length)), ["node", "/opt/sallyport/bin/sallyport.mjs"]);
    assert.equal(last("STOPSIGNAL"), "STOPSIGNAL SIGTERM");
    assert.match(last("HEALTHCHECK"), /CMD \[/);
  });

  it("holds what it copies, and everything else is kept out of the build", () => {
    const sources = instructions
      .filter((line) => line.startsWith("COPY ") && !line.includes("--from="))
      .flatMap((line) => line.split(" ").slice(1, -1));
    assert.ok(sources.length >= 5);
    const kept = readFileSync(join(PACKAGING, "Dockerfile.dockerignore"), "utf8").split("\n");
    assert.equal(
      kept.find((line) => !line.startsWith("#")),
      "*",
    );
    for (const source of sources) {
      assert.ok(existsSync(join(ROOT, source)), source);
      assert.ok(kept.includes(`!${source}`), `${source} is left out by Dockerfile.dockerignore`);
    }
  });
});

describe("the health check", () => {
  const { node } = listRuntimes();
  const skip = node === null && "no Node is installed";

  it("fails where nobody listens and passes where the gateway says that it lives", { skip }, async () => {
    const script = join(PACKAGING, "healthcheck.mjs");
    const answers = new Map([["/healthz", 200]]);
    const server = createServer((request, response) => response.writeHead(answers.get(request.url ?? "") ?? 404).end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const check = (admin: string) => runCheck(node ?? "", script, admin);
    assert.equal(await check(`127.0.0.1:${port}`), 0);
    answers.set("/healthz", 503);
    assert.equal(await check(`127.0.0.1:${port}`), 1);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    assert.equal(await check(`127.0.0.1:${port}`), 1);
  });
});

/** Not spawnSync(): the server that it asks is in this process. */
function runCheck(node: string, script: string, admin: string): Promise<number | null> {
  const child = spawn(node, [script], { env: { SALLYPORT_ADMIN: admin }, stdio: "ignore" });
  return new Promise((resolve) => child.once("exit", resolve));
}
