// What an explanation may not show: values that came from secrets, and what clients and services prove themselves with.

import { Secret } from "../../base/index.ts";
import type { GatewayConfig, IdentityConfig, ValueTemplate } from "../../config/index.ts";

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
    const carriers = config.identities.map(listCarriers);
    const tokens = config.upstreams.flatMap(({ internalToken }) => (internalToken === null ? [] : [internalToken.header]));
    const names = [...carriers.flatMap(({ headers }) => headers), ...tokens, ...listSecret(edits)];
    this.#names = new Set([...ALWAYS, ...names.map((name) => name.toLowerCase())]);
    this.#parameters = new Set([...carriers.flatMap(({ parameters }) => parameters), ...listSecret(queries)]);
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

/** Where credentials of an identity stand, besides those that are hidden always. */
function listCarriers(identity: IdentityConfig): { readonly headers: readonly string[]; readonly parameters: readonly string[] } {
  if (identity.kind === "internal") return { headers: [identity.header], parameters: [] };
  if (identity.kind === "external") return { headers: identity.sendHeaders, parameters: [] };
  if (identity.kind !== "apiKey" && identity.kind !== "jwt") return { headers: [], parameters: [] };
  const { from } = identity;
  return { headers: from.kind === "header" ? [from.name] : [], parameters: from.kind === "query" ? [from.name] : [] };
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
