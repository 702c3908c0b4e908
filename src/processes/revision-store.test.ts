import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { RevisionStore } from "./revision-store.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-revisions-"));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;

class Stage {
  readonly stateDir = join(root, `${++folders}`, "state");
  nowMs = Date.UTC(2026, 0, 1);

  open(file = "/etc/sallyport/gateway.yaml"): RevisionStore {
    return new RevisionStore(this.stateDir, file, () => this.nowMs);
  }

  get files(): string[] {
    return readdirSync(join(this.stateDir, "last-good")).map((name) => join(this.stateDir, "last-good", name));
  }

  get file(): string {
    const [file, ...more] = this.files;
    assert.deepEqual(more, []);
    return file ?? assert.fail("nothing was written");
  }
}

describe("the store of revisions", () => {
  it("has nothing at first, and makes no folder to say so", () => {
    const stage = new Stage();
    assert.equal(stage.open().read(), null);
    assert.equal(stage.open().readPrevious(), null);
    assert.throws(() => statSync(stage.stateDir), /ENOENT/);
  });

  it("gives back what was kept, to another process too", () => {
    const stage = new Stage();
    const text = "version: 1\r\n# \u{1F6AA} ${env:KEY}\u2028\n";
    stage.open().keep(text, "a1");
    assert.deepEqual(stage.open().read(), { text, generation: "a1", keptAt: "2026-01-01T00:00:00.000Z" });
    assert.equal(stage.open().readPrevious(), null);
  });

  it("makes the one before the previous, and forgets those before", () => {
    const stage = new Stage();
    for (const generation of ["a", "b", "c"]) {
      stage.open().keep(`text of ${generation}`, generation);
      stage.nowMs += 1000;
    }
    assert.deepEqual(stage.open().read(), { text: "text of c", generation: "c", keptAt: "2026-01-01T00:00:02.000Z" });
    assert.deepEqual(stage.open().readPrevious(), { text: "text of b", generation: "b", keptAt: "2026-01-01T00:00:01.000Z" });
  });

  it("keeps the previous when a generation is kept again, also with another comment in it", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    stage.open().keep("b", "2");
    stage.open().keep("b", "2");
    stage.open().keep("b # why", "2");
    assert.equal(stage.open().read()?.text, "b # why");
    assert.equal(stage.open().readPrevious()?.generation, "1");
  });

  it("keeps the previous when the same text is of another generation: a certificate in it was renewed", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    stage.open().keep("b", "2");
    stage.open().keep("b", "3");
    assert.equal(stage.open().read()?.generation, "3");
    assert.equal(stage.open().readPrevious()?.text, "a");
  });

  it("writes nothing when nothing is new", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    const written = readFileSync(stage.file, "utf8");
    stage.nowMs += 1000;
    stage.open().keep("a", "1");
    assert.equal(readFileSync(stage.file, "utf8"), written);
  });

  it("keeps the texts of two gateways apart", () => {
    const stage = new Stage();
    stage.open("/etc/one.yaml").keep("one", "1");
    stage.open("/etc/two.yaml").keep("two", "2");
    assert.equal(stage.open("/etc/one.yaml").read()?.text, "one");
    assert.equal(stage.open("/etc/two.yaml").read()?.text, "two");
    assert.equal(stage.open("/etc/two.yaml").readPrevious(), null);
  });

  it("knows a file by where it is, however it is spelled", () => {
    const stage = new Stage();
    stage.open("gateway.yaml").keep("a", "1");
    assert.equal(stage.open(join(process.cwd(), "x", "..", "gateway.yaml")).read()?.text, "a");
  });

  it("lets nobody else read it", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    assert.equal(statSync(stage.file).mode & 0o777, 0o600);
    assert.equal(statSync(join(stage.stateDir, "last-good")).mode & 0o777, 0o700);
  });

  for (const [what, content] of [
    ["empty", ""],
    ["cut off", '{"current":{"te'],
    ["no record", "[1]"],
    ["null", "null"],
    ["of other types", '{"current":{"text":1,"generation":"1","keptAt":"x"},"previous":7}'],
  ] as const) {
    it(`takes a file that is ${what} for none, and writes over it`, () => {
      const stage = new Stage();
      stage.open().keep("a", "1");
      writeFileSync(stage.file, content);
      assert.equal(stage.open().read(), null);
      assert.equal(stage.open().readPrevious(), null);
      stage.open().keep("b", "2");
      assert.equal(stage.open().read()?.text, "b");
    });
  }

  it("reads the previous one when only the current is damaged", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    stage.open().keep("b", "2");
    writeFileSync(stage.file, readFileSync(stage.file, "utf8").replace('"text":"b"', '"text":7'));
    assert.equal(stage.open().read(), null);
    assert.equal(stage.open().readPrevious()?.text, "a");
    stage.open().keep("c", "3");
    assert.equal(stage.open().readPrevious()?.text, "a");
  });

  it("throws when it can't write, and leaves what was there", () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    const { file } = stage;
    rmSync(file);
    mkdirSync(join(file, "in-the-way"), { recursive: true });
    assert.throws(() => stage.open().keep("b", "2"));
    assert.deepEqual(stage.files, [file]);

    const blocked = new Stage();
    mkdirSync(join(blocked.stateDir, ".."), { recursive: true });
    writeFileSync(blocked.stateDir, "no folder");
    assert.throws(() => blocked.open().keep("b", "2"));
    assert.equal(blocked.open().read(), null);
  });

  it("leaves the old text when the folder may not be written to", {
    skip: process.getuid?.() === 0 ? "root may write anywhere" : false,
  }, () => {
    const stage = new Stage();
    stage.open().keep("a", "1");
    const folder = join(stage.stateDir, "last-good");
    chmodSync(folder, 0o500);
    assert.throws(() => stage.open().keep("b", "2"), /EACCES/);
    chmodSync(folder, 0o700);
    assert.equal(stage.open().read()?.text, "a");
  });
});
