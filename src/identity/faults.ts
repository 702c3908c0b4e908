// Why a caller is not let in. Titles are for everybody; the detail, which says what was wrong with a credential, is the operator's and
// holds no part of it.

import { defineFault } from "../base/index.ts";

export const NO_CREDENTIAL = defineFault({
  code: "SP_AUTH_REQUIRED",
  status: 401,
  grpc: 16,
  blame: "client",
  retry: "never",
  closes: false,
  title: "This needs a credential.",
  remedy: "The request carries none that an identity of the route takes. WWW-Authenticate tells clients what would do.",
});

export const BAD_CREDENTIAL = defineFault({
  code: "SP_AUTH_INVALID",
  status: 401,
  grpc: 16,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The credential is not good.",
  remedy:
    "The detail says which identity judged it and what is wrong: expired, of another issuer, for another audience, a bad signature, revoked.",
});

export const EXPIRED = defineFault({
  code: "SP_AUTH_EXPIRED",
  status: 401,
  grpc: 16,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The credential has expired.",
  remedy: "Clients get a new one. Many at once: is the clock of this machine right, or the issuer's?",
});

export const FORBIDDEN = defineFault({
  code: "SP_AUTH_FORBIDDEN",
  status: 403,
  grpc: 7,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The caller may not do this.",
  remedy: "`authorize` of the route does not allow it; the detail names the rule.",
});

export const SCOPE_MISSING = defineFault({
  code: "SP_AUTH_SCOPE",
  status: 403,
  grpc: 7,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The credential lacks a scope that this needs.",
  remedy:
    "`authorize.scopes` of the route asks for it; WWW-Authenticate names it, so that clients can ask for a wider token (RFC 6750 3.1).",
});

export const CROSS_SITE = defineFault({
  code: "SP_AUTH_CROSS_SITE",
  status: 403,
  grpc: 7,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The request comes from another site.",
  remedy:
    "A page of another origin made a browser send it with what browsers add by themselves: a session's cookie, another one that a token or key stands in, a password or a certificate. Own pages on other hosts belong into `session.hosts`, or, for the other kinds, into `cors` of the route with `credentials`; programs send a bearer token.",
});

export const LOGIN_FAILED = defineFault({
  code: "SP_AUTH_LOGIN_FAILED",
  status: 400,
  grpc: 3,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The login did not come to its end.",
  remedy:
    "The detail says why: the person or the provider said no, the browser began no such login or more than ten minutes ago, or it was to lead to another site.",
});

export const TOO_MANY = defineFault({
  code: "SP_AUTH_TOO_MANY",
  status: 429,
  grpc: 8,
  blame: "client",
  retry: "never",
  closes: false,
  title: "Too many credentials of this client had to be checked.",
  remedy:
    "One address sent many tokens that were not seen before, most of them bad. Behind a proxy, does the listener name it in `trustedProxies`, so that clients are told apart?",
});

export const UNAVAILABLE = defineFault({
  code: "SP_AUTH_UNAVAILABLE",
  status: 503,
  grpc: 14,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "Who is calling can't be found out now.",
  remedy:
    "An issuer, a store or a service that the identity asks can't be reached, so nobody is let in by it. The detail and sallyport_identity_asks_total say which.",
});
