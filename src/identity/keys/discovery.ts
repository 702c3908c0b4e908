// Where an issuer says that its keys are: OpenID Connect Discovery 1.0, 4.

/** 4.1: a slash at the issuer's end goes. */
export function toDiscoveryUrl(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** What is wrong stands in words that hold nothing of the document but names of its members. */
export function readDiscovery(
  text: string,
  issuer: string,
): { readonly jwksUri: string; readonly problem: null } | { readonly jwksUri: null; readonly problem: string } {
  const document = parseObject(text);
  if (document === null) return refuse("it is no JSON object");
  // 4.3: to the letter. Otherwise who can write one issuer's document could speak for another.
  if (document["issuer"] !== issuer) return refuse("its `issuer` is another one than the configuration's");
  const jwksUri = document["jwks_uri"];
  if (typeof jwksUri !== "string" || !URL.canParse(jwksUri)) return refuse("its `jwks_uri` is no URL");
  const { protocol, username, password } = new URL(jwksUri);
  // An issuer that is itself asked in the clear, as in tests and on one machine, loses nothing by it.
  const isAllowed = protocol === "https:" || (protocol === "http:" && issuer.startsWith("http:"));
  if (!isAllowed) return refuse("its `jwks_uri` is not https");
  if (username !== "" || password !== "") return refuse("its `jwks_uri` holds a user or a password");
  return { jwksUri, problem: null };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}

function refuse(reason: string) {
  return { jwksUri: null, problem: `the issuer's discovery document is not good: ${reason}` } as const;
}
