// Where `sallyport keys` finds the keys: in the database that FILE names, whether or not a gateway runs, or through the admin address of a
// running one.

import { randomBytes } from "node:crypto";
import { systemClock } from "../base/index.ts";
import { type AdminTarget, CONTROL } from "../control/index.ts";
import { type ApiKeyOperations, type ApiKeyView, createApiKeyOperations, type IssuedKey, KeyRefusal } from "../identity/index.ts";
import { openStores, StoreFailure } from "../stores/index.ts";
import { type JsonObject, readObject, toPlainText } from "./admin-json.ts";
import { ask, findAdmin } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG } from "./exit-codes.ts";
import { loadOrTell } from "./load.ts";
import type { Terminal } from "./terminal.ts";

export interface KeySource {
  readonly operations: ApiKeyOperations;
  close(): Promise<void>;
}

/** It was told already that the keys can't be asked for. */
export class Told extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("told already");
    this.exitCode = exitCode;
  }
}

/** Keys can't be asked for, in words for people. */
export class KeysUnreachable extends Error {}

const ASK_MS = 10_000;
const REASONS = new Map<string, KeyRefusal["reason"]>([
  [CONTROL.KEY_INVALID.code, "invalid"],
  [CONTROL.KEY_ABSENT.code, "absent"],
  [CONTROL.KEY_ENDED.code, "ended"],
]);

/** The keys, or the exit code after what is wrong was told. `file` is left out where --admin says where. */
export async function openKeys(file: string | undefined, line: CommandLine, terminal: Terminal): Promise<KeySource | number> {
  if (file !== undefined) return openDatabase(file, line.values["json"] === true, terminal);
  const target = await findAdmin({ values: line.values, operands: [] }, terminal);
  return typeof target === "number" ? target : { operations: new RemoteKeys(target, line, terminal), close: async () => {} };
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
    if (error instanceof StoreFailure) throw new KeysUnreachable(error.message);
    throw error;
  }
}

/** The same operations, done by a running gateway. */
class RemoteKeys implements ApiKeyOperations {
  readonly #target: AdminTarget;
  readonly #isJson: boolean;
  readonly #terminal: Terminal;

  constructor(target: AdminTarget, line: CommandLine, terminal: Terminal) {
    this.#target = target;
    this.#isJson = line.values["json"] === true;
    this.#terminal = terminal;
  }

  async create(wanted: unknown): Promise<IssuedKey> {
    return (await this.#ask("POST", "/keys", wanted)) as unknown as IssuedKey;
  }

  async list(filter: Parameters<ApiKeyOperations["list"]>[0]): Promise<readonly ApiKeyView[]> {
    const parameters = new URLSearchParams(Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]));
    const { keys } = await this.#ask("GET", `/keys?${parameters}`);
    return keys as readonly ApiKeyView[];
  }

  async show(id: string): Promise<ApiKeyView> {
    return (await this.#ask("GET", pathOf(id))) as unknown as ApiKeyView;
  }

  async rotate(id: string, wanted: unknown): Promise<IssuedKey> {
    return (await this.#ask("POST", `${pathOf(id)}/rotate`, wanted)) as unknown as IssuedKey;
  }

  async revoke(id: string): Promise<ApiKeyView> {
    return (await this.#ask("POST", `${pathOf(id)}/revoke`)) as unknown as ApiKeyView;
  }

  async #ask(method: "GET" | "POST", path: string, body: unknown = null): Promise<JsonObject> {
    const answer = await ask(this.#target, method, path, ASK_MS, this.#terminal, this.#isJson, body as object | null);
    if (typeof answer === "number") throw new Told(answer);
    const found = readObject(answer.text);
    if (found === null) throw new KeysUnreachable("what answers there is no admin address of Sallyport");
    const plain = toPlainText(found);
    if (answer.status === 200 || answer.status === 201) return plain;
    const { code, title, detail } = plain;
    const reason = REASONS.get(String(code));
    if (reason !== undefined) throw new KeyRefusal(reason, String(detail ?? title));
    throw new KeysUnreachable(`the gateway answers ${answer.status} ${code ?? ""}: ${detail ?? title ?? "nothing more"}`);
  }
}

/** What is no id is none of a path's either. */
function pathOf(id: string): string {
  if (!/^[0-9A-Za-z]{1,32}$/.test(id)) throw new KeyRefusal("absent", "there is no such key; an id is letters and digits");
  return `/keys/${id}`;
}
