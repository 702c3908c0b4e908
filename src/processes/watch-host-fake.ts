// A disk in memory that can be watched, for tests of the watcher.

import { dirname } from "node:path";
import { FakeClock } from "../base/index.ts";
import type { Entry, WatchHost } from "./watch-host.ts";

interface Watch {
  readonly folder: string;
  readonly onEvent: (name: string | null) => void;
}

/** A watch is on a folder as it was when it was set up, as inotify's is on the inode: one that is made anew later is another. */
export class FakeDisk implements WatchHost {
  readonly clock = new FakeClock();
  /** By real path. A string is a file's content. */
  readonly nodes = new Map<string, { content: string } | { link: string } | { born: number }>();
  readonly watches = new Set<Watch & { born: number }>();
  readonly unwatchable = new Set<string>();
  reads = 0;
  #births = 0;

  constructor(files: Readonly<Record<string, string>>) {
    this.folder("/");
    for (const [path, content] of Object.entries(files)) this.write(path, content);
  }

  folder(path: string): void {
    if (this.nodes.has(path)) return;
    if (path !== "/") this.folder(dirname(path));
    this.nodes.set(path, { born: ++this.#births });
    if (path !== "/") this.#tell(path);
  }

  write(path: string, content: string): void {
    this.folder(dirname(path));
    this.nodes.set(path, { content });
    this.#tell(path);
  }

  link(path: string, target: string): void {
    this.folder(dirname(path));
    this.nodes.set(path, { link: target });
    this.#tell(path);
  }

  remove(path: string): void {
    for (const each of [...this.nodes.keys()]) {
      if (each !== path && !each.startsWith(`${path}/`)) continue;
      this.#tell(each);
      this.nodes.delete(each);
    }
  }

  /** With all that is in it; whoever watches it watches it where it is now. */
  move(from: string, to: string): void {
    for (const [path, node] of [...this.nodes]) {
      if (path !== from && !path.startsWith(`${from}/`)) continue;
      this.nodes.delete(path);
      this.nodes.set(to + path.slice(from.length), node);
    }
    this.#tell(from);
    this.#tell(to);
  }

  #tell(path: string): void {
    const parent = this.nodes.get(dirname(path));
    if (parent === undefined || !("born" in parent)) return;
    for (const { born, onEvent } of [...this.watches]) if (born === parent.born) onEvent(path.slice(path.lastIndexOf("/") + 1));
  }

  watchFolder(folder: string, onEvent: (name: string | null) => void): { close(): void } | null {
    const node = this.nodes.get(folder);
    if (node === undefined || !("born" in node) || this.unwatchable.has(folder)) return null;
    const watch = { folder, onEvent, born: node.born };
    this.watches.add(watch);
    return { close: () => this.watches.delete(watch) };
  }

  digestOf(path: string): string | null {
    this.reads++;
    let at = path;
    for (let links = 0; links < 10; links++) {
      const link = [...this.nodes].find(([each, node]) => "link" in node && (at === each || at.startsWith(`${each}/`)));
      if (link === undefined) break;
      const [place, node] = link;
      const target = "link" in node ? node.link : "";
      at = `${target.startsWith("/") ? "" : `${dirname(place)}/`}${target}${at.slice(place.length)}`;
    }
    const node = this.nodes.get(at);
    if (node === undefined) return null;
    return "content" in node ? node.content : [...this.nodes.keys()].filter((each) => dirname(each) === at).join();
  }

  entryAt(path: string): Entry {
    const node = this.nodes.get(path);
    if (node === undefined) return null;
    return "link" in node ? { link: node.link } : "born" in node ? "folder" : "file";
  }
}
