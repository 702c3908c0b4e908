// Faults that arise between client and upstream, whatever carries either.

import { defineFault } from "../base/index.ts";

export const BODY_TOO_LARGE = defineFault({
  code: "SP_EXCHANGE_BODY_TOO_LARGE",
  status: 413,
  grpc: 8,
  blame: "client",
  retry: "never",
  closes: true,
  title: "The request body is larger than allowed.",
  remedy: "Raise `bounds.body` of the listener or the route if bodies of that size are meant to pass.",
});

export const DEADLINE = defineFault({
  code: "SP_EXCHANGE_DEADLINE",
  status: 504,
  grpc: 4,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The answer did not come within the route's time.",
  remedy: "The detail says what the exchange was waiting for. `timeout` of the route or of `defaults` sets the time.",
});

export const BODY_LATE = defineFault({
  code: "SP_EXCHANGE_BODY_LATE",
  status: 408,
  grpc: 4,
  blame: "client",
  retry: "never",
  closes: true,
  title: "The request body did not come within the route's time.",
  remedy: "A slow client, or a `timeout` of the route that is too short for uploads: it runs until the response head, the upload included.",
});

export const MIRROR_LAG = defineFault({
  code: "SP_EXCHANGE_MIRROR_LAG",
  status: 0,
  grpc: 8,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "A mirrored request was given up because it could not keep pace.",
  remedy: "The mirror's upstream takes bodies more slowly than the original; the original was not held back.",
});

export const ATTEMPT_LAG = defineFault({
  code: "SP_EXCHANGE_ATTEMPT_LAG",
  status: 0,
  grpc: 8,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "One of several attempts was given up because it could not keep pace.",
  remedy: "The endpoint takes bodies more slowly than the one that another attempt of the same request goes to.",
});

export const BAD_SWITCH = defineFault({
  code: "SP_EXCHANGE_BAD_SWITCH",
  status: 502,
  grpc: 13,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The upstream opened something else than the WebSocket that it was asked for.",
  remedy:
    "Its 101 has no Sec-WebSocket-Accept, or one for another request. A client over HTTP/2 has no key to see that by, so the gateway looks.",
});

export const BUG = defineFault({
  code: "SP_EXCHANGE_BUG",
  status: 500,
  grpc: 13,
  blame: "gateway",
  retry: "never",
  closes: true,
  title: "The gateway failed.",
  remedy: "A step threw, which is a bug in Sallyport or in a policy. The log has the stack under the request's id: please report it.",
});
