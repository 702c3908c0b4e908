// Sallyport as a user starts it, through its launcher; the launcher's memory counts, its CPU is part of the tree too.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contestant } from "./contestant.ts";
import { findRuntime, type Runtime } from "./runtimes.ts";

const LAUNCHER = new URL("../../bin/sallyport.mjs", import.meta.url).pathname;

export function sallyport(runtime: Runtime): Contestant {
  return {
    name: `sallyport-${runtime}`,
    prepare({ folder, port, adminPort, upstreamPort, accessLog }) {
      if (!existsSync(LAUNCHER)) return new Error("there is no bin/sallyport.mjs yet");
      const program = findRuntime(runtime);
      if (program instanceof Error) return program;
      const node = findRuntime("node");
      const config = join(folder, "gateway.yaml");
      writeFileSync(
        config,
        `version: 1
gateway: { name: bench, kind: edge }
admin: { address: 127.0.0.1:${adminPort} }
listeners:
  - { name: http, address: 127.0.0.1:${port} }
upstreams:
  service:
    endpoints: [http://127.0.0.1:${upstreamPort}]
    pool: { connections: 256, pending: 1024 }
routes:
  - { name: all, match: { path: /* }, public: true, upstream: service }
telemetry:
  accessLog: ${accessLog ? "{ to: stdout, format: json }" : "off"}
`,
      );
      return {
        file: node instanceof Error ? process.execPath : node,
        args: [LAUNCHER, "start", config],
        env: { SALLYPORT_RUNTIME: runtime },
      };
    },
  };
}
