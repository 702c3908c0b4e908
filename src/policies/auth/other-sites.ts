// Some credentials a browser adds by itself, whoever makes it send the request: cookies, a password or a certificate that it was told once.
// With those a page of another site could act as whoever looks at it. Browsers say so where they send such a request (Fetch Metadata), and
// what may change something is refused, unless the route shares itself with that origin (`cors` with `credentials`). Sessions have rules of
// their own. @hot

import { fieldName } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";

const SEC_FETCH_SITE = fieldName("Sec-Fetch-Site");
const ORIGIN = fieldName("Origin");

/** Origins whose pages may send requests of the route with what browsers add. */
export interface SharedOrigins {
  has(origin: string): boolean;
}

export class OtherSites {
  readonly #shared: SharedOrigins | null;

  constructor(shared: SharedOrigins | null) {
    this.#shared = shared;
  }

  /** Whether a page of another site made a browser send what may change something. */
  hasForged({ head }: Pick<Exchange, "head">): boolean {
    const { fields, method, upgrade } = head;
    if (fields.get(SEC_FETCH_SITE) !== "cross-site") return false;
    if (upgrade === null && (method === "GET" || method === "HEAD" || method === "OPTIONS")) return false;
    const origin = fields.getCombined(ORIGIN);
    return origin === null || this.#shared === null || !this.#shared.has(origin);
  }
}
