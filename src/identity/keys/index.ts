// Keys of issuers: from a URL, from where the issuer's discovery document says, or from a file.

import type { JwtIdentity } from "../../config/index.ts";
import type { IdentityHost } from "../identity.ts";
import { FileKeys } from "./file-keys.ts";
import type { KeySource } from "./key-source.ts";
import { RemoteKeys } from "./remote-keys.ts";

export type { KeySource } from "./key-source.ts";

/** `name` is the identity's, for whoever watches. Keys of a URL are asked for at once. */
export function createKeySource(
  name: string,
  issuer: string,
  { ca, cacheForMs, graceMs, source }: JwtIdentity["jwks"],
  { clock, documents, watcher, wheel }: Pick<IdentityHost, "clock" | "wheel" | "documents" | "watcher">,
  random: () => number = Math.random,
): KeySource {
  if (source.kind === "file") return new FileKeys(source.text);
  const url = source.kind === "url" ? source.url : null;
  return new RemoteKeys({ name, issuer, url, ca, cacheForMs, graceMs }, { clock, documents, random, watcher, wheel });
}
