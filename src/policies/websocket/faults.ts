// What a route answers that takes no WebSockets.

import { defineFault } from "../../base/index.ts";

export const NOT_ALLOWED = defineFault({
  code: "SP_WS_NOT_ALLOWED",
  status: 403,
  grpc: 7,
  blame: "client",
  retry: "never",
  closes: false,
  title: "No WebSockets are opened here.",
  remedy: "`websocket: off` stands at the route or in `defaults`. A route that takes them says so: `websocket: {}`.",
});
