// What an explanation may not show: values that came from secrets, and what clients and services prove themselves with.

import { Secret } from "../../base/index.ts";
import type { GatewayConfig, ValueTemplate } from "../../config/index.ts";

const ALWAYS = ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"];

const HIDDEN = "***";

export class Mask {
  readonly #names: ReadonlySet<string>;
  readonly #parameters: ReadonlySet<string>;

  constructor(config: GatewayConfig) {
    const edits = config.routes.flatMap(({ headers: { request, response } }) => [
      ...request.set,
      ...request.add,
      ...response.set,
      ...response.add,
    ]);
    const queries = config.routes.flatMap((route) => route.rewrite.query.set);
    this.#names = new Set([...ALWAYS, ...listSecret(edits).map((name) => name.toLowerCase())]);
    this.#parameters = new Set(listSecret(queries));
  }

  header(name: string, value: string): string {
    return this.#names.has(name.toLowerCase()) ? HIDDEN : value;
  }

  /** A path with its query. */
  target(target: string): string {
    const mark = target.indexOf("?");
    if (mark < 0 || this.#parameters.size === 0) return target;
    const pairs = target
      .slice(mark + 1)
      .split("&")
      .map((pair) => {
        const [name = ""] = pair.split("=", 1);
        return this.#parameters.has(decode(name)) ? `${name}=${HIDDEN}` : pair;
      });
    return `${target.slice(0, mark)}?${pairs.join("&")}`;
  }
}

function listSecret(values: readonly (readonly [string, ValueTemplate])[]): string[] {
  return values.flatMap(([name, template]) => (template.some((part) => part instanceof Secret) ? [name] : []));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    // Not the name of anything that a configuration could have written.
    return text;
  }
}
