// From the URL of a PostgreSQL database to how it is reached. TLS is checked unless the URL says otherwise: libpq's own default, to encrypt
// where the server happens to offer it and to check nobody's name, protects from nothing that is on the way.

import { StoreFailure } from "../ports.ts";

export interface PostgresAddress {
  /** Without what is said of TLS. */
  readonly connectionString: string;
  readonly ssl: false | { readonly rejectUnauthorized: boolean; readonly ca?: string; readonly checkServerIdentity?: () => undefined };
  /** `db.internal:5432/gateway`: for messages. */
  readonly shown: string;
  /** What must be in no message. */
  readonly secrets: readonly string[];
}

const MODES = ["disable", "no-verify", "require", "verify-ca", "verify-full"];
const LOCAL = /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\]|)$/;

export function readPostgresUrl(text: string, ca: string | null): PostgresAddress {
  const url = parseUrl(text);
  const mode = url.searchParams.get("sslmode");
  if (mode !== null && !MODES.includes(mode)) {
    throw new StoreFailure(`the database's URL says sslmode=${mode.slice(0, 20)}; it may say ${MODES.join(", ")}`);
  }
  for (const name of [...url.searchParams.keys()]) {
    if (name === "sslmode") url.searchParams.delete(name);
    else if (name.startsWith("ssl"))
      throw new StoreFailure(`the database's URL says ${name}; of TLS it may say sslmode alone, and \`ca\` stands beside it`);
  }
  const socket = url.searchParams.get("host");
  const isLocal = socket === null ? LOCAL.test(url.hostname) : socket.startsWith("/");
  const isPlain = mode === "disable" || (mode === null && ca === null && isLocal);
  const trusted = ca === null ? {} : { ca };
  const unnamed = mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {};
  const place = socket ?? `${url.hostname}:${url.port || "5432"}`;
  return {
    connectionString: url.href,
    ssl: isPlain ? false : { rejectUnauthorized: mode !== "no-verify", ...trusted, ...unnamed },
    shown: `${place}${url.pathname}`,
    secrets: [url.password, decode(url.password), url.searchParams.get("password") ?? ""].filter((secret) => secret !== ""),
  };
}

function parseUrl(text: string): URL {
  // A URL has a host; with a socket's folder in `host=` it may be left out.
  const whole = text.replace(/^(postgres(?:ql)?:\/\/(?:[^@/]*@)?)\//, "$1localhost/");
  const url = /^postgres(?:ql)?:\/\//.test(whole) && URL.canParse(whole) ? new URL(whole) : null;
  // Of a password with a bare `/` or `?` the rest stands here, and would be shown as the database's name.
  if (url === null || /@/.test(url.pathname + url.search + url.hash)) {
    throw new StoreFailure("the database's URL is none of the form postgres://user:password@host:5432/name, its parts percent-encoded");
  }
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
