import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { forge, whyNoForge } from "../testdata/certificate-forge.ts";
import type { Authority } from "./authority.ts";
import { CertificateIssuer } from "./issuer.ts";
import { type IssuedPair, PairStore } from "./pair-store.ts";

const DAY = 86_400_000;
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
  folders.push(folder);
  return folder;
}

/** An authority that gives what it is told to, and remembers who asked. */
class FakeAuthority implements Authority {
  readonly orders: string[] = [];
  readonly accounts = new Set<string>();
  answer: (names: readonly string[]) => IssuedPair | Error = (names) => issue(names);

  createAccountKey = async () => "account key";

  async order(names: readonly string[], accountKey: string): Promise<IssuedPair> {
    this.orders.push(names.join());
    this.accounts.add(accountKey);
    const answer = this.answer(names);
    if (answer instanceof Error) throw answer;
    return answer;
  }
}

function issue(names: readonly string[], days = 90): IssuedPair {
  return forge({ extensions: `subjectAltName=${names.map((name) => `DNS:${name}`).join()}\n`, days });
}

class Stage {
  readonly clock = new FakeClock(0, Date.now());
  readonly authority = new FakeAuthority();
  readonly folder: string;
  readonly issued: string[] = [];
  readonly failed: { names: string; reason: string; inMs: number }[] = [];
  readonly issuer: CertificateIssuer;

  constructor(folder = makeFolder()) {
    this.folder = folder;
    this.issuer = new CertificateIssuer(
      {
        authority: this.authority,
        store: new PairStore(folder, "https://acme.test/directory"),
        clock: this.clock,
        stage: { show: async () => undefined, hide: async () => undefined },
        events: {
          onIssued: (names) => this.issued.push(names.join()),
          onFailed: (names, reason, nextMs) => this.failed.push({ names: names.join(), reason, inMs: nextMs - this.clock.wall() }),
        },
        random: () => 0,
      },
      30 * DAY,
    );
  }

  /** Time passes; what orders compute is waited for in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    await settle();
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      await settle();
    }
    this.clock.advance(endMs - this.clock.now());
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

describe("the issuer of certificates", { skip: whyNoForge() }, () => {
  it("orders what is wanted and missing, one after the other, with one account", async () => {
    const stage = new Stage();
    stage.issuer.want([["a.test"], ["b.test", "c.test"]]);
    assert.equal(stage.issuer.pairOf(["a.test"]), null);
    await stage.advance(0);
    assert.deepEqual(stage.issued, ["a.test", "b.test,c.test"]);
    assert.deepEqual([...stage.authority.accounts], ["account key"]);
    assert.match(stage.issuer.pairOf(["c.test", "b.test"])?.cert ?? "", /BEGIN CERTIFICATE/);
    stage.issuer.stop();
  });

  it("keeps on disk what it got, for its user alone, and does not order it again after a restart", async () => {
    const stage = new Stage();
    stage.issuer.want([["a.test"]]);
    await stage.advance(0);
    stage.issuer.stop();
    const acme = join(stage.folder, "acme");
    const [directory] = readdirSync(acme);
    const inside = join(acme, directory ?? assert.fail());
    assert.equal(statSync(inside).mode & 0o077, 0);
    for (const name of readdirSync(inside)) assert.equal(statSync(join(inside, name)).mode & 0o077, 0, name);
    const again = new Stage(stage.folder);
    again.issuer.want([["a.test"]]);
    await again.advance(DAY);
    assert.deepEqual(again.authority.orders, []);
    assert.deepEqual(again.issuer.pairOf(["a.test"]), stage.issuer.pairOf(["a.test"]));
    again.issuer.stop();
  });

  it("renews before the end, and serves on what there is when that fails", async () => {
    const stage = new Stage();
    stage.issuer.want([["a.test"]]);
    await stage.advance(0);
    const first = stage.issuer.pairOf(["a.test"]);
    await stage.advance(59 * DAY);
    assert.equal(stage.authority.orders.length, 1);
    stage.authority.answer = () => new Error("the authority is down");
    await stage.advance(DAY + 3_600_000);
    assert.ok(stage.authority.orders.length > 1);
    assert.deepEqual(stage.issuer.pairOf(["a.test"]), first);
    assert.equal(stage.failed[0]?.reason, "the authority is down");
    stage.authority.answer = (names) => issue(names, 180);
    await stage.advance(DAY);
    assert.notDeepEqual(stage.issuer.pairOf(["a.test"]), first);
    assert.equal(stage.issuer.list()[0]?.failures, 0);
    stage.issuer.stop();
  });

  it("waits longer after each failure", async () => {
    const stage = new Stage();
    stage.authority.answer = () => new Error("no");
    stage.issuer.want([["a.test"]]);
    await stage.advance(14 * 60_000);
    assert.deepEqual(
      stage.failed.map(({ inMs }) => inMs),
      [60_000, 120_000, 240_000, 480_000],
    );
    stage.issuer.stop();
  });

  it("takes no certificate that lacks a name, or whose key is another one", async () => {
    const stage = new Stage();
    stage.authority.answer = () => issue(["other.test"]);
    stage.issuer.want([["a.test"]]);
    await stage.advance(0);
    assert.match(stage.failed[0]?.reason ?? "", /does not name a\.test/);
    stage.authority.answer = () => ({ cert: issue(["a.test"]).cert, key: issue(["a.test"]).key });
    await stage.advance(60_000);
    assert.match(stage.failed[1]?.reason ?? "", /is not the key of/);
    assert.equal(stage.issuer.pairOf(["a.test"]), null);
    stage.issuer.stop();
  });

  it("takes what was damaged on disk for missing", async () => {
    const stage = new Stage();
    stage.issuer.want([["a.test"]]);
    await stage.advance(0);
    stage.issuer.stop();
    const path = new PairStore(stage.folder, "https://acme.test/directory").pathOf(["a.test"]);
    writeFileSync(path, readFileSync(path, "utf8").slice(0, 500));
    const again = new Stage(stage.folder);
    again.issuer.want([["a.test"]]);
    await again.advance(0);
    assert.deepEqual(again.issued, ["a.test"]);
    again.issuer.stop();
  });

  it("forgets names that nobody wants any more, and leaves no timer when it stops", async () => {
    const stage = new Stage();
    stage.issuer.want([["a.test"]]);
    stage.issuer.want([["b.test"]]);
    await stage.advance(0);
    assert.deepEqual(stage.authority.orders, ["b.test"]);
    assert.equal(stage.clock.pendingCalls, 1);
    stage.issuer.stop();
    assert.equal(stage.clock.pendingCalls, 0);
  });
});
