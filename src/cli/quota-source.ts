// Where `sallyport quota` finds the counters: in the database that FILE names, whether or not a gateway runs, or through the admin address
// of a running one.

import { systemClock } from "../base/index.ts";
import { CONTROL } from "../control/index.ts";
import {
  createQuotaOperations,
  type QuotaFilter,
  type QuotaOperations,
  QuotaRefusal,
  type QuotaReset,
  type QuotaView,
} from "../limits/index.ts";
import { openStores, StoreFailure } from "../stores/index.ts";
import { findAdmin } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG } from "./exit-codes.ts";
import { loadOrTell } from "./load.ts";
import { RemotePages, SourceUnreachable } from "./remote-pages.ts";
import type { Terminal } from "./terminal.ts";

export interface QuotaSource {
  readonly operations: QuotaOperations;
  close(): Promise<void>;
}

/** The quotas, or the exit code after what is wrong was told. `file` is left out where --admin says where. */
export async function openQuotas(file: string | undefined, line: CommandLine, terminal: Terminal): Promise<QuotaSource | number> {
  if (file !== undefined) return openDatabase(file, line.values["json"] === true, terminal);
  const target = await findAdmin({ values: line.values, operands: [] }, terminal);
  if (typeof target === "number") return target;
  return { operations: new RemoteQuotas(new RemotePages(target, line, terminal, toRefusal)), close: async () => {} };
}

async function openDatabase(file: string, isJson: boolean, terminal: Terminal): Promise<QuotaSource | number> {
  const loaded = await loadOrTell(file, terminal, isJson);
  if (loaded === null) return EXIT_CONFIG;
  const { database, rateLimits } = loaded.config;
  const names = rateLimits.filter(({ store }) => store === "database").map(({ name }) => name);
  if (database === null || names.length === 0) {
    const problem = `${file} has no limit with \`quota\`, so that there is nothing to show or reset`;
    if (isJson) terminal.out(JSON.stringify({ ok: false, error: problem }));
    else terminal.err(`${terminal.paint.bad("sallyport:")} ${problem}`);
    return EXIT_CONFIG;
  }
  try {
    const stores = await openStores(database);
    const operations = createQuotaOperations(stores.quotas, { clock: systemClock, limits: () => names });
    return { operations, close: () => stores.close() };
  } catch (error) {
    if (error instanceof StoreFailure) throw new SourceUnreachable(error.message);
    throw error;
  }
}

/** The same operations, done by a running gateway. */
class RemoteQuotas implements QuotaOperations {
  readonly #pages: RemotePages;

  constructor(pages: RemotePages) {
    this.#pages = pages;
  }

  async list(filter: QuotaFilter): Promise<readonly QuotaView[]> {
    const parameters = new URLSearchParams(Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]));
    return (await this.#pages.ask("GET", `/quotas?${parameters}`))["quotas"] as readonly QuotaView[];
  }

  async reset(wanted: unknown): Promise<QuotaReset> {
    return (await this.#pages.ask("POST", "/quotas/reset", wanted as object)) as unknown as QuotaReset;
  }
}

function toRefusal(code: string, detail: string): QuotaRefusal | null {
  if (code === CONTROL.QUOTA_INVALID.code) return new QuotaRefusal("invalid", detail);
  return code === CONTROL.QUOTA_ABSENT.code ? new QuotaRefusal("absent", detail) : null;
}
