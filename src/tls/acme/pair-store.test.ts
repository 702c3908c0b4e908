import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, it } from "node:test";
import { PairStore } from "./pair-store.ts";

const root = mkdtempSync(join(tmpdir(), "sallyport-pairs-"));
after(() => rmSync(root, { recursive: true, force: true }));

const NAMES = ["a.example"];
const KEY = "-----BEGIN PRIVATE KEY-----\nQUJD\n-----END PRIVATE KEY-----\n";
const PAIR = { cert: "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n", key: KEY };

/** A store, and the place of what it writes before that takes the old one's place. */
function createStore(name: string): { store: PairStore; path: string; draft: string } {
  const store = new PairStore(join(root, name), "https://acme.example/directory");
  const path = store.pathOf(NAMES);
  return { store, path, draft: `${path}.${process.pid}.tmp` };
}

describe("certificates on disk", () => {
  it("come back as they were written, readable by nobody else", () => {
    const { store, path } = createStore("plain");
    store.writePair(NAMES, PAIR);
    assert.deepEqual(store.readPair(NAMES), PAIR);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(path)).mode & 0o777, 0o700);
  });

  it("are not written through a link that lies in their place", () => {
    const { store, path, draft } = createStore("link");
    const victim = join(root, "victim");
    writeFileSync(victim, "theirs");
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(victim, draft);
    store.writePair(NAMES, PAIR);
    assert.equal(readFileSync(victim, "utf8"), "theirs");
    assert.deepEqual(store.readPair(NAMES), PAIR);
  });

  it("don't become readable by what lay in their place", () => {
    const { store, path, draft } = createStore("open");
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(draft, "", { mode: 0o666 });
    store.writePair(NAMES, PAIR);
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });
});
