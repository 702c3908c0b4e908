// What keeps a redirect from being one.

import { defineFault } from "../../base/index.ts";

export const NO_HOST = defineFault({
  code: "SP_REDIRECT_NO_HOST",
  status: 400,
  grpc: 3,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The request names no host, and the redirect leads to the same one.",
  remedy: "An HTTP/1.0 client without Host. To send such clients elsewhere too, write a whole URL in `redirect.to`.",
});
