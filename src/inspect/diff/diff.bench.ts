// How long a comparison takes of two configurations of 10,000 routes, of which every route differs in something and some move.

import { performance } from "node:perf_hooks";
import { type ConfigurationInput, resolveInput } from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

const ROUTES = 10_000;

function build(round: number) {
  const routes = Array.from({ length: ROUTES }, (_, at) => ({
    name: `route-${at + (at % 100 === 0 ? round * ROUTES : 0)}`,
    match: { hosts: [`h${at % 50}.example.com`], path: `/api/p${at}/:id/${at % 10 === 0 ? "*" : `v${round}`}`, methods: ["GET", "POST"] },
    public: true as const,
    upstream: "catalog",
    timeout: `${5 + round}s`,
  }));
  const input: ConfigurationInput = {
    version: 1,
    listeners: [{ name: "http", address: "127.0.0.1:8080" }],
    upstreams: { catalog: { endpoints: ["http://127.0.0.1:3001"] } },
    routes,
  };
  const { config, issues } = resolveInput(input, "/bench.yaml");
  if (config === null) throw new Error(issues[0]?.message ?? "no configuration");
  return config;
}

const [before, after] = [build(0), build(1)];
for (let run = 0; run < 3; run++) {
  const start = performance.now();
  const { effects, requests } = diffConfigs(before, after);
  const ms = Math.round(performance.now() - start);
  process.stdout.write(`${ROUTES} routes on both sides: ${ms} ms, ${effects.length} effects, ${requests.length} groups of requests\n`);
}
