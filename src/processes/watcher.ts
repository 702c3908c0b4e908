// Tells when the content of files is another than it was, once their writer seems to have finished. It goes by content alone: a file
// that was touched, or written anew with what it held, is no change. What a change is good for is the supervisor's to know.

import { basename } from "node:path";
import type { ScheduledCall } from "../base/index.ts";
import type { WatchHost } from "./watch-host.ts";
import { listWatchedFolders, type WatchedFolder } from "./watched-folders.ts";

export { systemWatchHost, type WatchHost } from "./watch-host.ts";

/** From an event to the first look: what is written in many pieces is read once. */
const FIRST_LOOK_MS = 20;
/** A writer that has changed nothing for so long has finished. */
const SETTLE_MS = 200;
/** While the system does not tell us of changes. */
const POLL_MS = 2_000;

/** What stands there is no file, and reading it may take it from somebody. */
const NO_FILES = /^\/(?:dev|proc)\//;

interface Armed {
  readonly folder: WatchedFolder;
  readonly handle: { close(): void };
}

export class FileWatcher {
  readonly #host: WatchHost;
  readonly #onChange: (changed: readonly string[]) => void;
  /** Digests that were told, or are those from the beginning; by path. */
  #known = new Map<string, string | null>();
  /** What the last look saw; null when it saw what is known. */
  #seen: ReadonlyMap<string, string | null> | null = null;
  readonly #armed = new Map<string, Armed>();
  /** A folder or a link may be another than the one we watch. */
  #isStale = false;
  #isClosed = false;
  #look: ScheduledCall | null = null;
  #poll: ScheduledCall | null = null;

  constructor(host: WatchHost, onChange: (changed: readonly string[]) => void) {
    this.#host = host;
    this.#onChange = onChange;
  }

  /** Instead of those before. What is new is known as it stands now; a change under way of one that stays is still told. */
  watch(files: readonly string[]): void {
    if (this.#isClosed) return;
    const before = this.#known;
    const paths = [...new Set(files)].filter((path) => !NO_FILES.test(path));
    // Armed before anything is read: what happens in between is an event then.
    this.#known = new Map(paths.map((path) => [path, before.get(path) ?? null]));
    this.#isStale = true;
    this.#arm();
    for (const path of paths) if (!before.has(path)) this.#known.set(path, this.#host.digestOf(path));
  }

  /** For good: a set that comes later is not watched. */
  close(): void {
    this.#isClosed = true;
    this.#known.clear();
    this.#seen = null;
    this.#disarm();
    this.#look?.cancel();
    this.#look = null;
    this.#poll?.cancel();
    this.#poll = null;
  }

  #onEvent(path: string, armed: Armed, name: string | null): void {
    if (this.#armed.get(path) !== armed) return;
    const { names, isAny } = armed.folder;
    // A folder that is moved or removed says its own name.
    const isWay = name === null || name === basename(path) || names.get(name) === true;
    if (isWay) this.#isStale = true;
    else if (!isAny && !names.has(name)) return;
    this.#look ??= this.#host.clock.schedule(() => this.#lookAt(), FIRST_LOOK_MS);
  }

  #lookAt(): void {
    this.#look = null;
    if (this.#isStale) this.#arm();
    const digests = new Map([...this.#known.keys()].map((path) => [path, this.#host.digestOf(path)] as const));
    const changed = [...digests.keys()].filter((path) => digests.get(path) !== this.#known.get(path));
    if (changed.length === 0) {
      this.#seen = null;
      return;
    }
    if (this.#seen === null || !isSame(this.#seen, digests)) {
      this.#seen = digests;
      this.#look = this.#host.clock.schedule(() => this.#lookAt(), SETTLE_MS);
      return;
    }
    this.#seen = null;
    this.#known = digests;
    this.#onChange(changed);
  }

  #arm(): void {
    this.#disarm();
    this.#isStale = false;
    let isBlind = false;
    for (const [path, folder] of listWatchedFolders([...this.#known.keys()], this.#host)) {
      const isArmed = this.#armOne(path, folder);
      if (!isArmed && folder.isNeeded) isBlind = true;
    }
    this.#poll?.cancel();
    this.#poll = isBlind ? this.#host.clock.schedule(() => this.#onPoll(), POLL_MS) : null;
  }

  #armOne(path: string, folder: WatchedFolder): boolean {
    let armed: Armed | null = null;
    const handle = this.#host.watchFolder(path, (name) => {
      if (armed !== null) this.#onEvent(path, armed, name);
    });
    if (handle === null) return false;
    armed = { folder, handle };
    this.#armed.set(path, armed);
    return true;
  }

  #disarm(): void {
    for (const { handle } of this.#armed.values()) handle.close();
    this.#armed.clear();
  }

  #onPoll(): void {
    this.#arm();
    if (this.#look === null) this.#lookAt();
  }
}

function isSame(one: ReadonlyMap<string, string | null>, other: ReadonlyMap<string, string | null>): boolean {
  return one.size === other.size && [...one].every(([path, digest]) => other.get(path) === digest);
}
