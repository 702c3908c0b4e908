// Where the access log of a configuration goes. What stands in its lines is access-record.ts.

import type { Clock } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { type LineSink, openLineSink } from "../telemetry/index.ts";
import { BlueprintError } from "./blueprint.ts";

/** The same text for configurations whose lines go to the same place. */
export function toLogTarget({ telemetry }: GatewayConfig): string {
  const to = telemetry.accessLog?.to ?? null;
  return JSON.stringify(to);
}

/** A log that can't be opened is a mistake in the configuration, and said so. */
export function openAccessLog({ telemetry }: GatewayConfig, clock: Clock): LineSink | null {
  if (telemetry.accessLog === null) return null;
  try {
    return openLineSink(telemetry.accessLog.to, clock, { onTrouble: writeLogTrouble });
  } catch (error) {
    throw new BlueprintError([`telemetry.accessLog can't be opened: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function writeLogTrouble(errorCode: string): void {
  process.stderr.write(`sallyport: the access log can't be written: ${errorCode}; lines wait in memory, then are dropped and counted\n`);
}
