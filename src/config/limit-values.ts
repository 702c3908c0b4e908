// The single values that only limits and counters use: rates, shares, URLs of servers that count. One strict form each.

import { canonicalIp } from "../base/index.ts";
import { isHostName } from "./patterns.ts";
import { Refusal } from "./refusal.ts";

export const LIMIT_RATE_EXPECTATION = "a number for each second, minute, hour or day, such as `50/s`, `100/m`, `1000/h` or `5000/d`";
export const SHARE_EXPECTATION = "a share such as `80%`";
export const REDIS_URL_EXPECTATION = "a URL such as `redis://127.0.0.1:6379` or `rediss://:password@redis.internal:6380/0`";
export const NODE_URL_EXPECTATION =
  "a URL without a database, such as `redis://127.0.0.1:6379`: nodes of a cluster and sentinels have one alone";

const MS_OF = new Map([
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
/** What users write for the same unit elsewhere. */
const FOREIGN = /^(?:(s)(?:ec(?:ond)?s?)?|(m)(?:in(?:ute)?s?)?|(h)(?:our|r)?s?|(d)(?:ay)?s?)$/i;

/** `50/s` to units a millisecond. */
export function parseLimitRate(text: string): number | Refusal {
  const found = /^([0-9]{1,10})\/([smhd])$/.exec(text);
  const [amount, ms] = [Number(found?.[1]), MS_OF.get(found?.[2] ?? "")];
  if (ms !== undefined && amount >= 1 && amount <= 1_000_000_000) return amount / ms;
  return new Refusal("SP_CONFIG_BAD_VALUE", LIMIT_RATE_EXPECTATION, toRateHint(text, found !== null));
}

function toRateHint(text: string, isShaped: boolean): string | undefined {
  if (isShaped) return "the amount is a whole number from 1 to 1000000000; `5/m` is less than `1/s`";
  if (/^[0-9]+$/.test(text)) return `\`${text}/s\` or \`${text}/m\`?`;
  if (/^[0-9]*\.[0-9]+/.test(text)) return "whole numbers only: choose a longer unit, `30/m` in the place of `0.5/s`";
  const [, amount, written = ""] = /^([0-9]+)\s*(?:\/\s*|p|r\/|rp)([A-Za-z]+)$/.exec(text) ?? [];
  const unit = FOREIGN.exec(written)
    ?.slice(1)
    .find((word) => word !== undefined);
  return amount === undefined || unit === undefined ? undefined : `write \`${amount}/${unit.toLowerCase()}\``;
}

/** `80%` to 0.8. */
export function parseShare(text: string): number | Refusal {
  const found = /^(100|[1-9]?[0-9](?:\.[0-9]{1,3})?)%$/.exec(text);
  if (found !== null && Number(found[1]) > 0) return Number(found[1]) / 100;
  const hint = /^0?\.[0-9]+$/.test(text) ? `write \`${Number((Number(text) * 100).toFixed(3))}%\`` : "more than 0%, and 100% at the most";
  return new Refusal("SP_CONFIG_BAD_VALUE", SHARE_EXPECTATION, hint);
}

const REDIS_URL = /^rediss?:\/\/(?:([!-~]*)@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?(?:\/([0-9]{0,5}))?$/;

export interface RedisUrlParts {
  /** User and password as written, percent-encoded; undefined for neither. */
  readonly credentials: string | undefined;
  /** Empty: none is said. */
  readonly database: string;
}

/** The parts of a URL that is one; hints tell nothing of it, since it may hold a password. */
export function splitRedisUrl(text: string): RedisUrlParts | Refusal {
  const refuse = (hint?: string) => new Refusal("SP_CONFIG_BAD_VALUE", REDIS_URL_EXPECTATION, hint);
  if (!/^rediss?:\/\//.test(text)) {
    if (/^unix:|^\//.test(text)) return refuse("servers are reached over TCP alone");
    return refuse("begin with `redis://`, or `rediss://` for TLS");
  }
  const found = REDIS_URL.exec(text);
  if (found === null)
    return refuse("percent-encode what is no letter or digit in a user or password; no query, and no path but the database's number");
  const [, credentials, host = "", port, database = ""] = found;
  const isHost = host.startsWith("[") ? host.includes(":") && canonicalIp(host.slice(1, -1)) !== null : isHostName(host.toLowerCase());
  if (!isHost) return refuse("the host is a name or an address");
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return refuse("the port is a number from 1 to 65535");
  if (credentials !== undefined && !/^(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})+$/.test(credentials)) {
    return refuse("percent-encode what is no letter or digit in a user or password: `@` is `%40`, `/` is `%2F`");
  }
  return { credentials, database };
}

export function parseRedisUrl(text: string): string | Refusal {
  const parts = splitRedisUrl(text);
  return parts instanceof Refusal ? parts : text;
}

/** Of a server that has one database: a node of a cluster, or a sentinel. */
export function parseNodeUrl(text: string): string | Refusal {
  const parts = splitRedisUrl(text);
  if (parts instanceof Refusal) return parts;
  return parts.database === "" ? text : new Refusal("SP_CONFIG_BAD_VALUE", NODE_URL_EXPECTATION, "leave the number behind the port out");
}
