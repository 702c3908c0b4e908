// What a closed route answers.

import { defineFault } from "../../base/index.ts";

export const CLOSED = defineFault({
  code: "SP_MAINTENANCE_CLOSED",
  status: 503,
  grpc: 14,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "The service is closed for maintenance.",
  remedy: "`maintenance` of the route or of `defaults` closes it: take it out to open the route. `allowFrom` lets addresses through.",
});
