// Where a change to a path can show: in the folder of each name on its way, links followed. A name on the way is replaced as a file is
// (Kubernetes swaps the link `..data`, deployments swap `current`), and nothing happens in the folder of the file itself then.

import { dirname, join, parse, resolve, sep } from "node:path";
import type { WatchHost } from "./watch-host.ts";

export interface WatchedFolder {
  /** The names whose changes count. Of those that are `true`, everything beneath may be another after a change. */
  readonly names: Map<string, boolean>;
  /** Every name counts. */
  isAny: boolean;
  /** The file or a link to it is in there: without a watch on this one, changes are missed. Folders further up can't all be read. */
  isNeeded: boolean;
}

type LinkReader = Pick<WatchHost, "entryAt">;

/** As many as systems follow. */
const MOST_LINKS = 40;

/** By the folders' real paths. */
export function listWatchedFolders(paths: readonly string[], host: LinkReader): Map<string, WatchedFolder> {
  const folders = new Map<string, WatchedFolder>();
  for (const path of paths) follow(resolve(path), host, folders);
  return folders;
}

function follow(path: string, host: LinkReader, folders: Map<string, WatchedFolder>): void {
  let links = 0;
  let { root: at } = parse(path);
  let rest = split(path);
  while (rest.length > 0) {
    const [name = "", ...further] = rest;
    const place = join(at, name);
    const entry = host.entryAt(place);
    const isLink = typeof entry === "object" && entry !== null;
    const folder = take(folders, at);
    const isWay = isLink || entry === "folder" || further.length > 0;
    folder.names.set(name, isWay || folder.names.get(name) === true);
    if (isLink || further.length === 0) folder.isNeeded = true;
    if (!isLink) {
      at = place;
      rest = further;
      if (further.length === 0 && entry === "folder") {
        const listed = take(folders, place);
        listed.isAny = true;
        listed.isNeeded = true;
      }
      continue;
    }
    if (++links > MOST_LINKS) return;
    const target = resolve(at, entry.link);
    at = parse(target).root;
    rest = [...split(target), ...further];
  }
}

function split(path: string): string[] {
  return path.slice(parse(path).root.length).split(sep).filter(Boolean);
}

function take(folders: Map<string, WatchedFolder>, path: string): WatchedFolder {
  const key = path === "" ? dirname(path) : path;
  const known = folders.get(key);
  if (known !== undefined) return known;
  const folder = { names: new Map<string, boolean>(), isAny: false, isNeeded: false };
  folders.set(key, folder);
  return folder;
}
