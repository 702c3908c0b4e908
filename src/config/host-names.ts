// Names of one host each, without wildcard and port: those that certificates carry and that requests to the admin address may name.

import { isHostName } from "./patterns.ts";
import { Refusal } from "./refusal.ts";

export const HOST_NAME_EXPECTATION = "a host name such as `orders.internal`";
export const ISSUED_NAME_EXPECTATION = "a host name such as `www.example.com`";

/** In lower case. */
export function parseHostName(text: string): string | Refusal {
  const host = text.toLowerCase();
  if (isHostName(host)) return host;
  const isWithPort = /:[0-9]+$/.test(host) && isHostName(host.replace(/:[0-9]+$/, ""));
  return new Refusal("SP_CONFIG_BAD_PATTERN", HOST_NAME_EXPECTATION, isWithPort ? "without the port" : undefined);
}

/** A name that an authority can be asked to certify: it must be proved by a connection to it. */
export function parseIssuedName(text: string): string | Refusal {
  const host = text.toLowerCase();
  const refuse = (hint?: string) => new Refusal("SP_CONFIG_ACME", ISSUED_NAME_EXPECTATION, hint);
  if (host.includes("*"))
    return refuse("no challenge that is built proves a wildcard: give the names one by one, or a certificate from files");
  if (!isHostName(host)) return refuse();
  if (/^[0-9.]+$/.test(host)) return refuse("an authority is asked for names, not for addresses");
  return host;
}
