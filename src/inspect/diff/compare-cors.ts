// What pages of other origins may do with a route, before and after.

import type { CorsConfig } from "../../config/index.ts";
import { type Comparer, compareSets, fields, flag, optional, plain, set } from "./comparers.ts";
import { coversOrigin } from "./covers.ts";
import { toList, toSeconds } from "./words.ts";

const same = (item: string) => item;

/** A list or all. */
function orAll(what: string, covers?: (outer: string, inner: string) => boolean): Comparer<readonly string[] | "*"> {
  return (before, after, say) => {
    if (after === "*") say.that(true, `takes ${what} of every kind (cors)`, `take any ${what} (cors)`);
    else if (before === "*") say.that(false, `takes ${what} only of ${toList(after)} (cors)`, `limit ${what} (cors)`);
    else {
      const gains = [`takes more ${what} (cors):`, `take more ${what} (cors)`] as const;
      const loses = [`takes fewer ${what} (cors):`, `take fewer ${what} (cors)`] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, ...(covers !== undefined && { covers }) }, say);
    }
  };
}

const corsFields: Comparer<CorsConfig> = fields<CorsConfig>({
  origins: (before, after, say) => {
    if (after === "*")
      say.that(true, "lets pages of any origin read its answers (cors)", "let pages of any origin read their answers (cors)");
    else if (before === "*")
      say.that(false, `lets only pages of ${toList(after)} read its answers (cors)`, "name the origins that may read their answers (cors)");
    else {
      const gains = ["lets more pages read its answers (cors):", "let more pages read their answers (cors)"] as const;
      const loses = ["lets fewer pages read its answers (cors):", "let fewer pages read their answers (cors)"] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, covers: coversOrigin }, say);
    }
  },
  methods: (before, after, say) => {
    if (before.length > 0 && after.length > 0) orAll("methods")(before, after, say);
    else if (after.length === 0)
      say.that(true, "tells preflights all of its methods (cors)", "tell preflights all of their methods (cors)");
    else say.that(false, `tells preflights ${toList(after)} alone (cors)`, "tell preflights fewer methods (cors)");
  },
  headers: orAll("request headers"),
  exposeHeaders: set({
    more: true,
    gains: ["shows more response headers to pages (cors):", "show more response headers to pages (cors)"],
    loses: ["shows fewer response headers to pages (cors):", "show fewer response headers to pages (cors)"],
    show: same,
  }),
  credentials: flag(
    true,
    "lets pages send credentials (cors)",
    "no longer lets pages send credentials (cors)",
    "let pages send credentials (cors)",
    "no longer let pages send credentials (cors)",
  ),
  maxAgeSeconds: plain("time for which preflights are kept (cors)", toSeconds),
  privateNetwork: flag(
    true,
    "lets public pages reach it in a private network (cors)",
    "no longer lets public pages reach it in a private network (cors)",
    "let public pages reach them in a private network (cors)",
    "no longer let public pages reach them in a private network (cors)",
  ),
});

export const cors: Comparer<CorsConfig | null> = optional(
  ({ origins, credentials }, say) =>
    say.that(
      true,
      `lets pages of ${origins === "*" ? "any origin" : toList(origins)} read its answers${credentials ? ", with credentials" : ""} (cors)`,
      "let pages of other origins read their answers (cors)",
    ),
  (_value, say) => say.that(false, "no longer lets pages of other origins read its answers (cors off)", "switch cors off"),
  corsFields,
);
