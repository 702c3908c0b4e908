// Caddy with one Go scheduler thread. It writes X-Forwarded-* and Via by itself.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchTool } from "../tools.ts";
import { type Contestant, IDENTITY_HEADERS } from "./contestant.ts";

export const caddy: Contestant = {
  name: "caddy",
  prepare({ folder, port, upstreamPort }) {
    const program = fetchTool("caddy");
    if (program instanceof Error) return program;
    const config = join(folder, "Caddyfile");
    writeFileSync(
      config,
      `{
  admin off
  auto_https off
  persist_config off
}
http://:${port} {
  bind 127.0.0.1
  header X-Request-Id {http.request.uuid}
  reverse_proxy 127.0.0.1:${upstreamPort} {
    header_up X-Request-Id {http.request.uuid}
${IDENTITY_HEADERS.map((header) => `    header_up -${header}\n`).join("")}    transport http {
      keepalive 1h
      keepalive_idle_conns_per_host 1024
    }
  }
}
`,
    );
    const env = { GOMAXPROCS: "1", XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
    return { file: program, args: ["run", "--adapter", "caddyfile", "--config", config], env };
  },
};
