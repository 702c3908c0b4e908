// Where log lines go, as text.

import type { AccessLogConfig } from "./config.ts";
import { Refusal } from "./refusal.ts";

/** `stdout`, or the path of a file, not yet resolved against the configuration's folder. */
export function parseLogTarget(text: string): AccessLogConfig["to"] | Refusal {
  if (text === "stdout") return "stdout";
  const expected = "`stdout` or a file's path";
  if (text === "stderr") return new Refusal("SP_CONFIG_BAD_VALUE", expected, "stderr carries the gateway's own messages");
  if (text === "" || text.includes("\0") || text.endsWith("/")) return new Refusal("SP_CONFIG_BAD_VALUE", expected);
  return { path: text };
}
