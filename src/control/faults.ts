// Why the admin address refuses a request, and why a change that was asked for did not come about.

import { defineFault, type FaultDefinition } from "../base/index.ts";

function defineRefusal(condition: string, status: number, grpc: number, title: string, remedy: string): FaultDefinition {
  return defineFault({ code: `SP_CONTROL_${condition}`, status, grpc, blame: "client", retry: "never", closes: false, title, remedy });
}

export const NOT_FOUND = defineRefusal(
  "NOT_FOUND",
  404,
  12,
  "The admin address has no such page",
  "`GET /` lists the pages. Each has one spelling: no slash at its end, nothing escaped.",
);

export const METHOD = defineRefusal(
  "METHOD",
  405,
  12,
  "This page of the admin address does not take this method",
  "The answer's Allow lists what is taken. What looks is GET, what changes something is POST; headers that name another method mean nothing.",
);

export const WRONG_HOST = defineRefusal(
  "WRONG_HOST",
  421,
  7,
  "The admin address does not answer for this host",
  "Ask for the address itself, for `localhost` where it is on loopback, or list the name in `admin.hosts`. A browser that was led here by somebody else's name (DNS rebinding) is refused so.",
);

export const CROSS_SITE = defineRefusal(
  "CROSS_SITE",
  403,
  7,
  "The admin address is not for pages of other sites",
  "Origin or Sec-Fetch-Site says that a page of another site sent it: somebody's browser was made to. Ask with curl, or type the address.",
);

export const NO_TOKEN = defineRefusal(
  "NO_TOKEN",
  401,
  16,
  "The admin address asks for a token",
  "Send `Authorization: Bearer TOKEN` with the text of `admin.token`; `/healthz` and `/readyz` ask for none.",
);

export const WRONG_TOKEN = defineRefusal(
  "WRONG_TOKEN",
  401,
  16,
  "This is not the token of the admin address",
  "Compare with `admin.token` of the configuration that runs; a reload brings a new one into force. sallyport_admin_refusals_total counts: many are somebody who guesses.",
);

export const NO_CERTIFICATE = defineRefusal(
  "NO_CERTIFICATE",
  403,
  7,
  "The admin address asks for a client certificate",
  "Without `admin.token` the certificate says who somebody is: send one that `clientAuth.ca` of `admin.tls` signed.",
);

export const KEY_INVALID = defineRefusal(
  "KEY_INVALID",
  400,
  3,
  "What was asked for an API key is malformed",
  "`detail` of the answer says what is expected; docs/guides/api-keys.md shows each request.",
);

export const KEY_MEDIA_TYPE = defineRefusal(
  "KEY_MEDIA_TYPE",
  415,
  3,
  "This page of the admin address takes JSON",
  "Send the body with `Content-Type: application/json`: a page of another site can't make a browser do so unasked.",
);

export const KEY_ABSENT = defineRefusal(
  "KEY_ABSENT",
  404,
  5,
  "There is no such API key",
  "`GET /keys?all=true` lists all of them. An id is the 12 characters behind `spk_`.",
);

export const KEY_ENDED = defineRefusal(
  "KEY_ENDED",
  409,
  9,
  "The API key is at its end",
  "One that is revoked, has expired or has a successor is not rotated: make a new one.",
);

export const QUOTA_INVALID = defineRefusal(
  "QUOTA_INVALID",
  400,
  3,
  "What was asked for quotas is malformed",
  "`detail` of the answer says what is expected; docs/guides/quotas.md shows each request.",
);

export const QUOTA_ABSENT = defineRefusal(
  "QUOTA_ABSENT",
  404,
  5,
  "There is no such quota",
  "`detail` of the answer lists the quotas of the configuration that runs.",
);

export const NO_QUOTAS = defineFault({
  code: "SP_CONTROL_NO_QUOTAS",
  status: 409,
  grpc: 9,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "The configuration has no quota",
  remedy: "Configure a limit with `quota`, and `database` for it to be kept in, and reload.",
});

export const NO_DATABASE = defineFault({
  code: "SP_CONTROL_NO_DATABASE",
  status: 409,
  grpc: 9,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "There is no database to keep API keys in",
  remedy: "Configure `database` and an identity with `apiKey`, and reload.",
});

export const STORE = defineFault({
  code: "SP_CONTROL_STORE",
  status: 503,
  grpc: 14,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "The database can't be asked now",
  remedy:
    "`detail` of the answer says which, and why. What was asked for may have come about when the answer was lost: look before asking again.",
});

export const REFUSED = defineFault({
  code: "SP_CONTROL_REFUSED",
  status: 409,
  grpc: 9,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "The configuration was refused, and nothing changed",
  remedy: "`issues` of the answer say what is wrong and where; `sallyport check` says the same.",
});

export const IMPOSSIBLE = defineFault({
  code: "SP_CONTROL_IMPOSSIBLE",
  status: 503,
  grpc: 9,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "This can't be done now, and nothing changed",
  remedy: "`detail` of the answer says why: there is no configuration to go back to, or the gateway is stopping.",
});
