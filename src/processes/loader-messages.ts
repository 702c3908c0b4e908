// What came of loading a configuration, on its way from the process that loaded it: in pieces, as a worker gets it.

import type { LoadOutcome, Revision } from "./loader.ts";
import { ConfigAssembly, packConfig, type Wire } from "./wire.ts";

type Rest = Omit<Revision, "config">;

export type FromLoader =
  | { readonly type: "failed"; readonly outcome: Extract<LoadOutcome, { revision: null }> }
  | { readonly type: "head"; readonly head: Wire; readonly rest: Rest }
  | { readonly type: "routes"; readonly routes: Wire }
  | { readonly type: "done" };

export function packOutcome(outcome: LoadOutcome): FromLoader[] {
  if (outcome.revision === null) return [{ type: "failed", outcome }];
  const { config, ...rest } = outcome.revision;
  const { head, routes } = packConfig(config);
  return [{ type: "head", head, rest }, ...routes.map((batch) => ({ type: "routes", routes: batch }) as const), { type: "done" }];
}

/** Takes the messages in their order. */
export class OutcomeAssembly {
  #assembly: ConfigAssembly | null = null;
  #rest: Rest | null = null;
  #outcome: LoadOutcome | null = null;

  /** Null until the last message has come. */
  get outcome(): LoadOutcome | null {
    return this.#outcome;
  }

  add(message: FromLoader): void {
    switch (message.type) {
      case "failed":
        this.#outcome = message.outcome;
        return;
      case "head":
        this.#assembly = new ConfigAssembly(message.head);
        this.#rest = message.rest;
        return;
      case "routes":
        this.#assembly?.add(message.routes);
        return;
      case "done":
        if (this.#assembly !== null && this.#rest !== null)
          this.#outcome = { revision: { ...this.#rest, config: this.#assembly.finish() } };
    }
  }
}
