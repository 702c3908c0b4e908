// The watcher on real files, with the system's own notices and clock: what editors, deployments and Kubernetes do.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "../base/index.ts";
import { FileWatcher, systemWatchHost } from "./watcher.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "sallyport-watch-")));
after(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;

class Stage {
  readonly folder = join(root, `${++folders}`);
  readonly told: (readonly string[])[] = [];
  readonly #watcher = new FileWatcher(systemWatchHost(systemClock), (changed) => {
    this.told.push(changed);
    this.#wake?.();
  });
  #wake: (() => void) | null = null;

  constructor() {
    mkdirSync(this.folder);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string): void {
    writeFileSync(this.path(name), content);
  }

  watch(...names: string[]): void {
    this.#watcher.watch(names.map((name) => this.path(name)));
  }

  /** What the next call tells; rejects when none comes. */
  async next(what: string): Promise<readonly string[]> {
    const late = Promise.withResolvers<never>();
    const timer = systemClock.schedule(() => late.reject(new Error(`nothing was told: ${what}`)), 10_000);
    const called = Promise.withResolvers<void>();
    this.#wake = called.resolve;
    try {
      if (this.told.length === 0) await Promise.race([called.promise, late.promise]);
      const [told = [], ...more] = this.told.splice(0);
      assert.deepEqual(more, [], what);
      return told.map((path) => path.slice(this.folder.length + 1));
    } finally {
      timer.cancel();
    }
  }

  /** Longer than a change takes to settle: real time is what this is about. */
  async quiet(): Promise<void> {
    const passed = Promise.withResolvers<void>();
    systemClock.schedule(passed.resolve, 500);
    await passed.promise;
    assert.deepEqual(this.told, []);
  }

  close(): void {
    this.#watcher.close();
  }
}

async function onStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  const stage = new Stage();
  try {
    await run(stage);
  } finally {
    stage.close();
  }
}

describe("a watcher of files on this system", () => {
  it("tells of a file that is written in place, in pieces, once", () =>
    onStage(async (stage) => {
      stage.write("gateway.yaml", "1");
      stage.watch("gateway.yaml");
      stage.write("gateway.yaml", "2");
      appendFileSync(stage.path("gateway.yaml"), "3");
      assert.deepEqual(await stage.next("in place"), ["gateway.yaml"]);
      stage.write("other.txt", "x");
      stage.write("gateway.yaml", "23");
      await stage.quiet();
      stage.write("gateway.yaml", "4");
      assert.deepEqual(await stage.next("again"), ["gateway.yaml"]);
    }));

  it("tells of what vim does: the file moved away, written anew, the copy removed", () =>
    onStage(async (stage) => {
      stage.write("gateway.yaml", "1");
      stage.watch("gateway.yaml");
      for (const content of ["2", "3"]) {
        stage.write("4913", "");
        unlinkSync(stage.path("4913"));
        renameSync(stage.path("gateway.yaml"), stage.path("gateway.yaml~"));
        stage.write("gateway.yaml", content);
        unlinkSync(stage.path("gateway.yaml~"));
        assert.deepEqual(await stage.next(`saved as ${content}`), ["gateway.yaml"]);
      }
      await stage.quiet();
    }));

  it("tells of a file that another one takes the place of, twice", () =>
    onStage(async (stage) => {
      stage.write("gateway.yaml", "1");
      stage.watch("gateway.yaml");
      for (const content of ["2", "3"]) {
        stage.write(".gateway.yaml.tmp", content);
        renameSync(stage.path(".gateway.yaml.tmp"), stage.path("gateway.yaml"));
        assert.deepEqual(await stage.next(content), ["gateway.yaml"]);
      }
    }));

  it("tells of each swap of the link `..data`, as Kubernetes does it, for all files beneath at once", () =>
    onStage(async (stage) => {
      const publish = (turn: number) => {
        mkdirSync(stage.path(`..${turn}`));
        stage.write(`..${turn}/gateway.yaml`, `${turn}`);
        stage.write(`..${turn}/tls.pem`, `${turn}`);
        symlinkSync(`..${turn}`, stage.path("..data_tmp"));
        renameSync(stage.path("..data_tmp"), stage.path("..data"));
        rmSync(stage.path(`..${turn - 1}`), { recursive: true, force: true });
      };
      publish(1);
      for (const name of ["gateway.yaml", "tls.pem"]) symlinkSync(`..data/${name}`, stage.path(name));
      stage.watch("gateway.yaml", "tls.pem");
      for (const turn of [2, 3, 4]) {
        publish(turn);
        assert.deepEqual(await stage.next(`swap ${turn}`), ["gateway.yaml", "tls.pem"]);
      }
      await stage.quiet();
    }));

  it("tells of a deployment that swaps the folder's link, and of changes in the folder it leads to now", () =>
    onStage(async (stage) => {
      for (const release of ["1", "2"]) {
        mkdirSync(stage.path(release));
        stage.write(`${release}/gateway.yaml`, release);
      }
      symlinkSync("1", stage.path("current"));
      stage.watch("current/gateway.yaml");
      symlinkSync("2", stage.path("next"));
      renameSync(stage.path("next"), stage.path("current"));
      assert.deepEqual(await stage.next("swap"), ["current/gateway.yaml"]);
      stage.write("2/gateway.yaml", "2b");
      assert.deepEqual(await stage.next("in the new folder"), ["current/gateway.yaml"]);
      stage.write("1/gateway.yaml", "1b");
      await stage.quiet();
    }));

  it("goes on when the file is deleted and made again", () =>
    onStage(async (stage) => {
      stage.write("gateway.yaml", "1");
      stage.watch("gateway.yaml");
      unlinkSync(stage.path("gateway.yaml"));
      assert.deepEqual(await stage.next("deleted"), ["gateway.yaml"]);
      stage.write("gateway.yaml", "1");
      assert.deepEqual(await stage.next("made again"), ["gateway.yaml"]);
    }));

  it("goes on when the folder is deleted and made again, and when another is moved to its place", () =>
    onStage(async (stage) => {
      mkdirSync(stage.path("gw"));
      stage.write("gw/gateway.yaml", "1");
      stage.watch("gw/gateway.yaml");
      rmSync(stage.path("gw"), { recursive: true });
      assert.deepEqual(await stage.next("deleted"), ["gw/gateway.yaml"]);
      mkdirSync(stage.path("gw"));
      stage.write("gw/gateway.yaml", "2");
      assert.deepEqual(await stage.next("made again"), ["gw/gateway.yaml"]);
      stage.write("gw/gateway.yaml", "3");
      assert.deepEqual(await stage.next("written in the new folder"), ["gw/gateway.yaml"]);

      mkdirSync(stage.path("next"));
      stage.write("next/gateway.yaml", "4");
      renameSync(stage.path("gw"), stage.path("old"));
      renameSync(stage.path("next"), stage.path("gw"));
      assert.deepEqual(await stage.next("moved"), ["gw/gateway.yaml"]);
      stage.write("gw/gateway.yaml", "5");
      assert.deepEqual(await stage.next("written in the one that was moved here"), ["gw/gateway.yaml"]);
      stage.write("old/gateway.yaml", "x");
      await stage.quiet();
    }));

  it("tells of a file in a folder that is not there yet", () =>
    onStage(async (stage) => {
      stage.watch("a/b/gateway.yaml");
      mkdirSync(stage.path("a/b"), { recursive: true });
      stage.write("a/b/gateway.yaml", "1");
      assert.deepEqual(await stage.next("made"), ["a/b/gateway.yaml"]);
    }));

  it("tells of a new file in a watched folder", () =>
    onStage(async (stage) => {
      mkdirSync(stage.path("teams"));
      stage.write("teams/a.yaml", "a");
      stage.watch("teams");
      stage.write("teams/.b.yaml.swp", "");
      stage.write("teams/a.yaml", "a2");
      await stage.quiet();
      stage.write("teams/b.yaml", "b");
      assert.deepEqual(await stage.next("a new one"), ["teams"]);
    }));

  it("survives a folder that can't be read and files that are none", () =>
    onStage(async (stage) => {
      stage.write("gateway.yaml", "1");
      symlinkSync("loop", stage.path("loop"));
      stage.watch("gateway.yaml", "gateway.yaml/inside", "loop", "missing/file");
      stage.write("gateway.yaml", "2");
      assert.deepEqual(await stage.next("the one that can be"), ["gateway.yaml"]);
    }));
});
