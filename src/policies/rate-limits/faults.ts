// What callers are answered who are over a limit, or whom nobody could count.

import { defineFault } from "../../base/index.ts";

export const EXCEEDED = defineFault({
  code: "SP_LIMIT_EXCEEDED",
  status: 429,
  grpc: 8,
  blame: "client",
  retry: "never",
  closes: false,
  title: "Too many requests.",
  remedy:
    "The detail names the limits that were used up. A caller that is meant to send more needs a higher limit, a tier or an exemption in `rateLimits`; one address that many callers share is better counted by `user` or `apiKey`.",
});

export const UNAVAILABLE = defineFault({
  code: "SP_LIMIT_UNAVAILABLE",
  status: 503,
  grpc: 14,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "Requests can't be counted at the moment.",
  remedy:
    "The store of a limit with `onStoreFailure: closed` does not answer; the detail names the limit, the log says since when. `open` or `local` would let requests through meanwhile.",
});
