// What a route answers that has come to its end.

import { defineFault } from "../../base/index.ts";

export const GONE = defineFault({
  code: "SP_LIFECYCLE_GONE",
  status: 410,
  grpc: 12,
  blame: "client",
  retry: "never",
  closes: false,
  title: "This has come to its end and is not served any more.",
  remedy: "The sunset of the route or of its API version has passed, and `afterSunset` is `gone`. The access log says who still asks.",
});
