// What can be written of the database, and of the tokens by which upstreams are told who calls.

import { choice, duration, fields, flag, fullList, oneOf, plainText, text } from "./fields.ts";
import { FIELD_NAME_EXPECTATION, parseFieldName } from "./header-text.ts";

const path = (description: string) => plainText("a file's path", description);

export const database = oneOf(
  {
    sqlite: fields({ path: path("The file.") }, "A file beside the gateway, which this machine alone uses."),
    postgres: fields(
      {
        url: plainText("a URL", "The server, by reference: `postgres://user:password@host:5432/name`."),
        ca: path("Who signed its certificate, as PEM; without it the authorities that the runtime ships.").optional(),
      },
      "A server that several gateways share.",
    ),
  },
  "Where keys and sessions are kept; a file in `gateway.stateDir` when left out and needed.",
);

export const sealKeys = fullList(
  plainText("text in hexadecimal or base64", "A key, by reference."),
  "Keys of 32 bytes at least, by which cookies and stored secrets are sealed: the first seals, each opens. Without them the gateway makes one of its own, and keeps it in the database.",
);

export const internalKeys = fields(
  {
    issuer: plainText("text", "`iss` of the tokens; `sallyport:` and the gateway's name when left out.").optional(),
    algorithm: choice(["EdDSA", "ES256"], "How they are signed.").default("EdDSA"),
    rotateEvery: duration({ example: "24h", off: false, max: "90d" }, "How long one key signs.").prefault("24h"),
    overlap: duration(
      { example: "1h", off: false, max: "7d" },
      "How long a key is published before it signs, and after: longer than verifiers keep what they have fetched.",
    ).prefault("1h"),
  },
  "How internal tokens are signed. The keys are made by the gateway and kept in the database.",
);

export const internalToken = fields(
  {
    audience: plainText("text", "Whom it is for."),
    ttl: duration({ example: "60s", off: false, max: "1h" }, "How long it is good.").prefault("60s"),
    header: text(parseFieldName, FIELD_NAME_EXPECTATION, "The header that it stands in.").prefault("X-Internal-Token"),
    deadline: flag("Whether it carries the request's deadline; then each request has a token of its own.").default(false),
  },
  "A signed token that tells the upstream who calls.",
);
