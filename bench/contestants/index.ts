// All contestants by name.
import { caddy } from "./caddy.ts";
import type { Contestant } from "./contestant.ts";
import { envoy } from "./envoy.ts";
import { haproxy } from "./haproxy.ts";
import { nginx } from "./nginx.ts";
import { relay } from "./relay.ts";
import { sallyport } from "./sallyport.ts";

export type { Contestant, Setting } from "./contestant.ts";

export const CONTESTANTS: readonly Contestant[] = [
  nginx("nginx"),
  nginx("nginx-spool"),
  nginx("nginx-64k"),
  haproxy,
  envoy,
  caddy,
  relay("bun"),
  relay("node"),
  ...(["bun", "node"] as const).flatMap((runtime) => [
    sallyport(runtime),
    sallyport(runtime, { access: "jwt" }),
    sallyport(runtime, { routes: 10 }),
    sallyport(runtime, { routes: 10_000 }),
    sallyport(runtime, { limited: "local" }),
    sallyport(runtime, { limited: "approximate" }),
    sallyport(runtime, { limited: "exact" }),
  ]),
];
