// Why an upstream can't be told who calls.

import { defineFault } from "../../base/index.ts";

export const TOO_LARGE = defineFault({
  code: "SP_INTERNAL_TOKEN_TOO_LARGE",
  status: 500,
  grpc: 13,
  blame: "operator",
  retry: "never",
  closes: false,
  title: "The gateway can't say who calls.",
  remedy:
    "What the internal token would say of the caller is longer than 4 KiB: hundreds of roles, or a large claim in `headers` of the identity. Nothing is left out in silence, since a service could take less for more.",
});
