// Where `sallyport keys` finds the keys: in the database that FILE names, whether or not a gateway runs, or through the admin address of a
// running one.

import { randomBytes } from "node:crypto";
import { systemClock } from "../base/index.ts";
import { CONTROL } from "../control/index.ts";
import { type ApiKeyOperations, type ApiKeyView, createApiKeyOperations, type IssuedKey, KeyRefusal } from "../identity/index.ts";
import { openStores, StoreFailure } from "../stores/index.ts";
import { findAdmin } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG } from "./exit-codes.ts";
import { loadOrTell } from "./load.ts";
import { RemotePages, SourceUnreachable } from "./remote-pages.ts";
import type { Terminal } from "./terminal.ts";

export interface KeySource {
  readonly operations: ApiKeyOperations;
  close(): Promise<void>;
}

const REASONS = new Map<string, KeyRefusal["reason"]>([
  [CONTROL.KEY_INVALID.code, "invalid"],
  [CONTROL.KEY_ABSENT.code, "absent"],
  [CONTROL.KEY_ENDED.code, "ended"],
]);

function toRefusal(code: string, detail: string): KeyRefusal | null {
  const reason = REASONS.get(code);
  return reason === undefined ? null : new KeyRefusal(reason, detail);
}

/** The keys, or the exit code after what is wrong was told. `file` is left out where --admin says where. */
export async function openKeys(file: string | undefined, line: CommandLine, terminal: Terminal): Promise<KeySource | number> {
  if (file !== undefined) return openDatabase(file, line.values["json"] === true, terminal);
  const target = await findAdmin({ values: line.values, operands: [] }, terminal);
  return typeof target === "number"
    ? target
    : { operations: new RemoteKeys(new RemotePages(target, line, terminal, toRefusal)), close: async () => {} };
}

async function openDatabase(file: string, isJson: boolean, terminal: Terminal): Promise<KeySource | number> {
  const loaded = await loadOrTell(file, terminal, isJson);
  if (loaded === null) return EXIT_CONFIG;
  const { database, identities } = loaded.config;
  const names = identities.filter(({ kind }) => kind === "apiKey").map(({ name }) => name);
  if (database === null || names.length === 0) {
    const problem = `${file} has no ${database === null ? "database to keep keys in: `database`" : "identity that takes keys: `apiKey`"}`;
    if (isJson) terminal.out(JSON.stringify({ ok: false, error: problem }));
    else terminal.err(`${terminal.paint.bad("sallyport:")} ${problem}`);
    return EXIT_CONFIG;
  }
  try {
    const stores = await openStores(database);
    const host = { clock: systemClock, random: randomBytes, identities: () => names };
    return { operations: createApiKeyOperations(stores.apiKeys, host), close: () => stores.close() };
  } catch (error) {
    if (error instanceof StoreFailure) throw new SourceUnreachable(error.message);
    throw error;
  }
}

/** The same operations, done by a running gateway. */
class RemoteKeys implements ApiKeyOperations {
  readonly #pages: RemotePages;

  constructor(pages: RemotePages) {
    this.#pages = pages;
  }

  async create(wanted: unknown): Promise<IssuedKey> {
    return (await this.#pages.ask("POST", "/keys", wanted as object)) as unknown as IssuedKey;
  }

  async list(filter: Parameters<ApiKeyOperations["list"]>[0]): Promise<readonly ApiKeyView[]> {
    const parameters = new URLSearchParams(Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]));
    const { keys } = await this.#pages.ask("GET", `/keys?${parameters}`);
    return keys as readonly ApiKeyView[];
  }

  async show(id: string): Promise<ApiKeyView> {
    return (await this.#pages.ask("GET", pathOf(id))) as unknown as ApiKeyView;
  }

  async rotate(id: string, wanted: unknown): Promise<IssuedKey> {
    return (await this.#pages.ask("POST", `${pathOf(id)}/rotate`, wanted as object)) as unknown as IssuedKey;
  }

  async revoke(id: string): Promise<ApiKeyView> {
    return (await this.#pages.ask("POST", `${pathOf(id)}/revoke`)) as unknown as ApiKeyView;
  }
}

/** What is no id is none of a path's either. */
function pathOf(id: string): string {
  if (!/^[0-9A-Za-z]{1,32}$/.test(id)) throw new KeyRefusal("absent", "there is no such key; an id is letters and digits");
  return `/keys/${id}`;
}
