// The pages of a running gateway's admin address, for commands that do there what they would do on its database; and how they say that
// neither can be asked.

import type { AdminTarget } from "../control/index.ts";
import { type JsonObject, readObject, toPlainText } from "./admin-json.ts";
import { ask } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import type { Terminal } from "./terminal.ts";

/** It was told already what is wrong. */
export class Told extends Error {
  readonly exitCode: number;

  constructor(exitCode: number) {
    super("told already");
    this.exitCode = exitCode;
  }
}

/** Neither database nor gateway can be asked, in words for people. */
export class SourceUnreachable extends Error {}

const ASK_MS = 10_000;

export class RemotePages {
  readonly #target: AdminTarget;
  readonly #isJson: boolean;
  readonly #terminal: Terminal;
  readonly #toRefusal: (code: string, detail: string) => Error | null;

  /** `toRefusal` knows what a problem's code means to the command; null: that it can't be asked. */
  constructor(target: AdminTarget, line: CommandLine, terminal: Terminal, toRefusal: (code: string, detail: string) => Error | null) {
    this.#target = target;
    this.#isJson = line.values["json"] === true;
    this.#terminal = terminal;
    this.#toRefusal = toRefusal;
  }

  async ask(method: "GET" | "POST", path: string, body: object | null = null): Promise<JsonObject> {
    const answer = await ask(this.#target, method, path, ASK_MS, this.#terminal, this.#isJson, body);
    if (typeof answer === "number") throw new Told(answer);
    const found = readObject(answer.text);
    if (found === null) throw new SourceUnreachable("what answers there is no admin address of Sallyport");
    const plain = toPlainText(found);
    if (answer.status === 200 || answer.status === 201) return plain;
    const { code, title, detail } = plain;
    const refusal = this.#toRefusal(String(code), String(detail ?? title));
    throw refusal ?? new SourceUnreachable(`the gateway answers ${answer.status} ${code ?? ""}: ${detail ?? title ?? "nothing more"}`);
  }
}
