// The command line: what it accepts, what it answers, and the exit codes that scripts rely on.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { main } from "./index.ts";
import { createTerminal } from "./terminal.ts";

async function run(...argv: string[]) {
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write(text: string) {
      written[key] += text;
    },
  });
  const exitCode = await main(argv, createTerminal(stream("out"), stream("err"), {}));
  return { exitCode, ...written };
}

describe("command line", () => {
  it("prints the help that was asked for on standard output", async () => {
    const { exitCode, out, err } = await run("--help");
    assert.equal(exitCode, 0);
    assert.match(out, /sallyport start FILE/);
    assert.equal(err, "");
  });

  it("names release and runtime", async () => {
    const { exitCode, out } = await run("version");
    assert.equal(exitCode, 0);
    assert.match(out, /^sallyport \d+\.\d+\.\d+ on (Bun|Node) \d+/);
    assert.equal((await run("--version")).out, out);
  });

  for (const argv of [[], ["serve"], ["start"], ["start", "a.yaml", "b.yaml"], ["--verbose"]]) {
    it(`refuses "${argv.join(" ")}" with exit code 2 and where to look`, async () => {
      const { exitCode, out, err } = await run(...argv);
      assert.equal(exitCode, 2);
      assert.equal(out, "");
      assert.match(err, /^sallyport: .+\nsallyport --help lists the commands\.\n$/s);
    });
  }

  it("ends with 1 and the place of the mistake when the configuration has one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-cli-"));
    try {
      const file = join(folder, "gateway.yaml");
      writeFileSync(file, "version: 1\nlistenres: []\n");
      const { exitCode, err } = await run("start", file);
      assert.equal(exitCode, 1);
      assert.match(err, /gateway\.yaml:2:1/);
      assert.match(err, /listeners/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("ends with 1 when the file is not there", async () => {
    const { exitCode, err } = await run("start", "no/such/file.yaml");
    assert.equal(exitCode, 1);
    assert.match(err, /no\/such\/file\.yaml/);
  });
});
