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
  sallyport("bun"),
  sallyport("node"),
  sallyport("bun", 1, "jwt"),
  sallyport("node", 1, "jwt"),
  sallyport("bun", 10),
  sallyport("bun", 10_000),
  sallyport("node", 10),
  sallyport("node", 10_000),
];
