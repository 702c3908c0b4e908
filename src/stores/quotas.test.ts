// Quotas over a database on disk: over restarts of whoever counts, and by several processes at once.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { systemClock } from "../base/index.ts";
import { Ask, type Meter, Take } from "../limits/index.ts";
import { QuotaLedger } from "../limits/quota/index.ts";
import { openStores } from "./open-stores.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-quotas-"));
after(() => rmSync(folder, { recursive: true }));

const METER: Meter = {
  limit: "monthly",
  tier: "",
  id: "monthly#1",
  rule: { kind: "quota", limit: 100, per: "month", timeZone: "Europe/Berlin" },
  onStoreFailure: "closed",
  isDryRun: false,
};

async function openLedger(path: string) {
  const stores = await openStores({ kind: "sqlite", path });
  // A disk may take its time.
  const ledger = new QuotaLedger(stores.quotas, { clock: systemClock, timeoutMs: 5000 });
  const ask = async (): Promise<boolean> => {
    const ask = new Ask(METER, "acme", 1);
    await new Promise<void>((resolve) => {
      if (ledger.take(new Take([ask], { onDecided: () => resolve() }))) resolve();
    });
    return ask.isAdmitted;
  };
  const admit = async (count: number): Promise<number> => {
    let admitted = 0;
    for (let i = 0; i < count; i++) if (await ask()) admitted++;
    return admitted;
  };
  const used = async () => (await stores.quotas.list({}, systemClock.wall()))[0]?.used;
  return { stores, ledger, admit, used };
}

describe("a quota in a file", () => {
  it("goes on where it was when a gateway stops and starts", async () => {
    const path = join(folder, "kept.db");
    for (const [count, admitted, all] of [
      [40, 40, 40],
      [50, 50, 90],
      [50, 10, 100],
    ] as const) {
      const { stores, ledger, admit, used } = await openLedger(path);
      assert.equal(await admit(count), admitted);
      await ledger.drain();
      assert.equal(await used(), all);
      await stores.close();
    }
  });

  it("is not exceeded when a gateway ends without giving anything back", async () => {
    const path = join(folder, "lost.db");
    const crashed = await openLedger(path);
    assert.equal(await crashed.admit(40), 40);
    await crashed.stores.close();
    await crashed.ledger.drain();
    const { stores, ledger, admit } = await openLedger(path);
    const admitted = await admit(100);
    assert.ok(admitted <= 60 && admitted >= 50, `${admitted}`);
    await ledger.drain();
    await stores.close();
  });

  it("is had to its last unit, and once, by four processes that ask at once", { timeout: 60_000 }, async () => {
    const path = join(folder, "shared.db");
    await (await openStores({ kind: "sqlite", path })).close();
    const file = join(folder, "asker.mts");
    const toUrl = (module: string) => JSON.stringify(new URL(module, import.meta.url).href);
    writeFileSync(
      file,
      `import { systemClock } from ${toUrl("../base/index.ts")};
      import { Ask, Take } from ${toUrl("../limits/index.ts")};
      import { QuotaLedger } from ${toUrl("../limits/quota/index.ts")};
      import { openStores } from ${toUrl("./index.ts")};
      const METER = ${JSON.stringify(METER)};
      ${openLedger.toString()}
      const { stores, ledger, admit } = await openLedger(${JSON.stringify(path)});
      const admitted = await admit(200);
      await ledger.drain();
      await stores.close();
      process.stdout.write(String(admitted));`,
    );
    const askers = [1, 2, 3, 4].map(() => spawn(process.execPath, [file], { stdio: ["ignore", "pipe", "inherit"] }));
    const counts = await Promise.all(
      askers.map(async (asker) => {
        let text = "";
        asker.stdout.on("data", (data: Buffer) => {
          text += data.toString();
        });
        await once(asker, "close");
        return Number(text);
      }),
    );
    assert.equal(
      counts.reduce((sum, count) => sum + count, 0),
      100,
      counts.join(),
    );
    const { stores, ledger, used } = await openLedger(path);
    assert.equal(await used(), 100);
    await ledger.drain();
    await stores.close();
  });
});
