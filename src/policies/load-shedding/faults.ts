// What those are answered who are not let in.

import { defineFault } from "../../base/index.ts";

export const GATEWAY = defineFault({
  code: "SP_OVERLOADED_GATEWAY",
  status: 503,
  grpc: 14,
  blame: "gateway",
  retry: "never",
  closes: false,
  title: "The gateway is overloaded.",
  remedy:
    "As many requests are under way as the worker answers without making them wait, which `gateway.loadShedding` finds out: those of low `priority` are refused first. More machines or workers help, or a larger `minimum` or `tolerance` where it is refused too early.",
});

export const UPSTREAM = defineFault({
  code: "SP_OVERLOADED_UPSTREAM",
  status: 503,
  grpc: 14,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The service is overloaded.",
  remedy:
    "The upstream that the detail names has as many requests as it answers without making them wait, which its `loadShedding` finds out. It needs more capacity, or a larger `minimum` or `tolerance` where it is refused too early.",
});
