// The value of Location (RFC 9110 10.2.2): a whole URL where scheme or host change, else a path on the same site. @hot
// A path on the same site begins with exactly one slash: what the client puts into a tail never makes it another site's.

import type { RedirectConfig } from "../../config/index.ts";
import { type Exchange, PathRecipe, withOneSlash } from "../../pipeline/index.ts";

export class Location {
  readonly #scheme: "http" | "https" | null;
  readonly #authority: string | null;
  readonly #path: PathRecipe | null;
  readonly #keepsQuery: boolean;

  constructor(config: RedirectConfig) {
    this.#scheme = config.scheme;
    this.#authority = config.authority;
    this.#path = config.path === null ? null : new PathRecipe(config.path);
    this.#keepsQuery = config.query === "keep";
  }

  /** Null when the same host is meant and the request names none. Visible ASCII otherwise, as target and host are. */
  read(exchange: Exchange): string | null {
    const { head } = exchange;
    const path = this.#path === null ? exchange.routedPath : this.#path.read(exchange);
    const rest = this.#keepsQuery ? path + head.query : path;
    if (this.#scheme === null && this.#authority === null) return withOneSlash(rest);
    // The port belongs to the scheme that is left: another scheme is served on another one.
    const authority = this.#authority ?? head.host;
    return authority === "" ? null : `${this.#scheme ?? exchange.clientScheme}://${authority}${rest}`;
  }
}
