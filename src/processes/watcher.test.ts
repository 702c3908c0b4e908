import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeDisk } from "./watch-host-fake.ts";
import { FileWatcher } from "./watcher.ts";

class Stage {
  readonly disk: FakeDisk;
  readonly told: (readonly string[])[] = [];
  readonly watcher: FileWatcher;

  constructor(files: Readonly<Record<string, string>>, watched: readonly string[] = Object.keys(files)) {
    this.disk = new FakeDisk(files);
    this.watcher = new FileWatcher(this.disk, (changed) => this.told.push(changed));
    this.watcher.watch(watched);
  }

  pass(ms: number): void {
    this.disk.clock.advance(ms);
  }

  /** What was told since, and no later. */
  settle(): (readonly string[])[] {
    this.pass(1000);
    return this.told.splice(0);
  }

  /** And shows that nothing is left. */
  close(): void {
    this.watcher.close();
    assert.equal(this.disk.clock.pendingCalls, 0);
    assert.equal(this.disk.watches.size, 0);
  }
}

const CONFIG = "/etc/gw/gateway.yaml";
const CERT = "/etc/gw/certs/a.pem";

describe("a watcher of files", () => {
  it("tells of a change once, when it has lasted 200 ms", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" });
    stage.disk.write(CONFIG, "2");
    stage.pass(199);
    assert.deepEqual(stage.told, []);
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    assert.deepEqual(stage.settle(), []);
    stage.close();
  });

  it("tells of all files that changed together", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" });
    stage.disk.write(CERT, "d");
    stage.disk.write(CONFIG, "2");
    assert.deepEqual(stage.settle(), [[CONFIG, CERT]]);
    stage.close();
  });

  it("waits for a slow writer's end", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    for (const content of ["", "v", "ve", "ver", "vers"]) {
      stage.disk.write(CONFIG, content);
      stage.pass(150);
    }
    assert.deepEqual(stage.told, []);
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("waits for the second file of a set that is still being written", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" });
    stage.disk.write(CONFIG, "2");
    stage.pass(150);
    stage.disk.write(CERT, "d");
    stage.pass(150);
    assert.deepEqual(stage.told, []);
    assert.deepEqual(stage.settle(), [[CONFIG, CERT]]);
    stage.close();
  });

  it("says nothing of a file that is as it was, and leaves no timer", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    stage.disk.write(CONFIG, "1");
    stage.disk.write(CONFIG, "2");
    stage.pass(100);
    stage.disk.write(CONFIG, "1");
    assert.deepEqual(stage.settle(), []);
    assert.equal(stage.disk.clock.pendingCalls, 0);
    stage.close();
  });

  it("reads nothing for other files of the same folder", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    const { reads } = stage.disk;
    for (let i = 0; i < 10; i++) stage.disk.write("/etc/gw/access.log", `${i}`);
    stage.settle();
    assert.equal(stage.disk.reads, reads);
    stage.close();
  });

  it("looks once for many events", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    const { reads } = stage.disk;
    for (let i = 0; i < 100; i++) stage.disk.write(CONFIG, `${i}`);
    stage.settle();
    assert.equal(stage.disk.reads - reads, 2);
    stage.close();
  });

  it("sees a file that another is renamed to", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    stage.disk.move(CONFIG, `${CONFIG}~`);
    stage.disk.write("/etc/gw/4913", "2");
    stage.disk.move("/etc/gw/4913", CONFIG);
    stage.disk.remove(`${CONFIG}~`);
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("tells of a file that is gone, and of one that is there again with what it held", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    stage.disk.remove(CONFIG);
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.disk.write(CONFIG, "1");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("tells of a file that was not there at first", () => {
    const stage = new Stage({ [CONFIG]: "1" }, [CONFIG, CERT]);
    stage.disk.write(CERT, "c");
    assert.deepEqual(stage.settle(), [[CERT]]);
    stage.close();
  });

  it("sees the swap of the link `..data`, as Kubernetes does it", () => {
    const stage = new Stage({ "/etc/gw/..2026_1/gateway.yaml": "1" }, []);
    const { disk } = stage;
    disk.link("/etc/gw/..data", "..2026_1");
    disk.link(CONFIG, "..data/gateway.yaml");
    stage.watcher.watch([CONFIG]);
    for (const turn of [2, 3, 4]) {
      disk.write(`/etc/gw/..2026_${turn}/gateway.yaml`, `${turn}`);
      disk.link("/etc/gw/..data_tmp", `..2026_${turn}`);
      disk.move("/etc/gw/..data_tmp", "/etc/gw/..data");
      disk.remove(`/etc/gw/..2026_${turn - 1}`);
      assert.deepEqual(stage.settle(), [[CONFIG]], `swap ${turn}`);
    }
    stage.close();
  });

  it("sees changes where a link leads to, also where the link is a folder on the way", () => {
    const stage = new Stage({ "/srv/releases/1/gateway.yaml": "1", "/srv/releases/2/gateway.yaml": "2" }, []);
    const { disk } = stage;
    disk.link("/srv/current", "releases/1");
    const path = "/srv/current/gateway.yaml";
    stage.watcher.watch([path]);
    disk.write("/srv/releases/1/gateway.yaml", "1b");
    assert.deepEqual(stage.settle(), [[path]]);
    disk.link("/srv/current", "releases/2");
    assert.deepEqual(stage.settle(), [[path]]);
    disk.write("/srv/releases/2/gateway.yaml", "2b");
    assert.deepEqual(stage.settle(), [[path]]);
    disk.write("/srv/releases/1/gateway.yaml", "1c");
    assert.deepEqual(stage.settle(), []);
    stage.close();
  });

  it("gives up on links that lead round in a circle", () => {
    const stage = new Stage({}, []);
    stage.disk.link("/etc/a", "b");
    stage.disk.link("/etc/b", "a");
    stage.watcher.watch(["/etc/a"]);
    stage.disk.remove("/etc/a");
    stage.disk.write("/etc/a", "1");
    assert.deepEqual(stage.settle(), [["/etc/a"]]);
    stage.close();
  });

  it("goes on when the folder is removed and made again", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" });
    stage.disk.remove("/etc/gw");
    assert.deepEqual(stage.settle(), [[CONFIG, CERT]]);
    stage.disk.write(CONFIG, "2");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.disk.write(CONFIG, "3");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.disk.write(CERT, "d");
    assert.deepEqual(stage.settle(), [[CERT]]);
    stage.close();
  });

  it("goes on when another folder takes the place of the one above", () => {
    const stage = new Stage({ [CERT]: "c", "/etc/next/certs/a.pem": "d" }, [CERT]);
    stage.disk.move("/etc/gw", "/etc/old");
    stage.disk.move("/etc/next", "/etc/gw");
    assert.deepEqual(stage.settle(), [[CERT]]);
    stage.disk.write(CERT, "e");
    assert.deepEqual(stage.settle(), [[CERT]]);
    stage.disk.write("/etc/old/certs/a.pem", "x");
    assert.deepEqual(stage.settle(), []);
    stage.close();
  });

  it("tells of a file that is new in a watched folder", () => {
    const stage = new Stage({ "/etc/gw/teams/a.yaml": "a" }, ["/etc/gw/teams"]);
    stage.disk.write("/etc/gw/teams/b.yaml", "b");
    assert.deepEqual(stage.settle(), [["/etc/gw/teams"]]);
    stage.disk.write("/etc/gw/teams/b.yaml", "b2");
    assert.deepEqual(stage.settle(), []);
    stage.close();
  });

  it("looks every two seconds while a folder can't be watched, and no longer than that", () => {
    const stage = new Stage({ [CONFIG]: "1" }, []);
    stage.disk.unwatchable.add("/etc/gw");
    stage.watcher.watch([CONFIG]);
    stage.disk.write(CONFIG, "2");
    stage.pass(2000);
    assert.deepEqual(stage.told, []);
    stage.pass(200);
    assert.deepEqual(stage.told.splice(0), [[CONFIG]]);
    stage.disk.unwatchable.clear();
    stage.pass(2000);
    assert.equal(stage.disk.clock.pendingCalls, 0);
    stage.disk.write(CONFIG, "3");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("does not poll for a folder further up that it can't watch", () => {
    const stage = new Stage({ [CONFIG]: "1" }, []);
    stage.disk.unwatchable.add("/").add("/etc");
    stage.watcher.watch([CONFIG]);
    assert.equal(stage.disk.clock.pendingCalls, 0);
    stage.disk.write(CONFIG, "2");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("sets its watches up again when one ends", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    const ended = [...stage.disk.watches].find(({ folder }) => folder === "/etc/gw") ?? assert.fail();
    stage.disk.watches.delete(ended);
    ended.onEvent(null);
    stage.settle();
    stage.disk.write(CONFIG, "2");
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("watches another set instead, and takes what is new in it as known", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" }, [CONFIG]);
    stage.disk.write(CERT, "d");
    stage.watcher.watch([CERT]);
    assert.deepEqual(stage.settle(), []);
    stage.disk.write(CONFIG, "2");
    assert.deepEqual(stage.settle(), []);
    stage.disk.write(CERT, "e");
    assert.deepEqual(stage.settle(), [[CERT]]);
    stage.close();
  });

  it("loses no change that comes while the set is being replaced, as it is after each reload", () => {
    const stage = new Stage({ [CONFIG]: "1", [CERT]: "c" }, [CONFIG]);
    stage.disk.write(CONFIG, "2");
    stage.pass(100);
    stage.watcher.watch([CONFIG, CERT]);
    assert.deepEqual(stage.settle(), [[CONFIG]]);
    stage.close();
  });

  it("may be given another set from inside of the call, and be closed there", () => {
    const disk = new FakeDisk({ [CONFIG]: "1", [CERT]: "c" });
    let calls = 0;
    const watcher = new FileWatcher(disk, () => {
      if (++calls === 1) watcher.watch([CONFIG, CERT]);
      else watcher.close();
    });
    watcher.watch([CONFIG]);
    disk.write(CONFIG, "2");
    disk.clock.advance(1000);
    disk.write(CERT, "d");
    disk.clock.advance(1000);
    assert.equal(calls, 2);
    assert.equal(disk.clock.pendingCalls, 0);
    assert.equal(disk.watches.size, 0);
  });

  it("is silent when it is closed, also when a change is under way", () => {
    const stage = new Stage({ [CONFIG]: "1" });
    const [watch] = [...stage.disk.watches].filter(({ folder }) => folder === "/etc/gw");
    stage.disk.write(CONFIG, "2");
    stage.pass(100);
    stage.close();
    watch?.onEvent("gateway.yaml");
    stage.watcher.watch([CONFIG, CERT]);
    stage.disk.write(CONFIG, "3");
    assert.deepEqual(stage.settle(), []);
    assert.equal(stage.disk.clock.pendingCalls, 0);
  });

  it("leaves devices and pipes of the shell alone", () => {
    const stage = new Stage({ "/dev/fd/63": "x" });
    assert.equal(stage.disk.reads, 0);
    assert.equal(stage.disk.watches.size, 0);
    stage.close();
  });
});
