// Envoy with one worker thread and no admin listener. Its Via is written by the connection manager, its request id by default.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fetchTool } from "../tools.ts";
import { type Contestant, IDENTITY_HEADERS } from "./contestant.ts";

const PACKAGE = "type.googleapis.com/envoy.extensions";

function address(port: number): object {
  return { socket_address: { address: "127.0.0.1", port_value: port } };
}

export const envoy: Contestant = {
  name: "envoy",
  prepare({ folder, port, upstreamPort }) {
    const program = fetchTool("envoy");
    if (program instanceof Error) return program;
    const connectionManager = {
      "@type": `${PACKAGE}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: "clients",
      via: "1.1 envoy",
      use_remote_address: true,
      always_set_request_id_in_response: true,
      stream_idle_timeout: "3600s",
      http_filters: [{ name: "router", typed_config: { "@type": `${PACKAGE}.filters.http.router.v3.Router` } }],
      route_config: {
        request_headers_to_remove: IDENTITY_HEADERS,
        request_headers_to_add: [{ header: { key: "X-Forwarded-Host", value: "%REQ(:AUTHORITY)%" } }],
        virtual_hosts: [{ name: "all", domains: ["*"], routes: [{ match: { prefix: "/" }, route: { cluster: "service" } }] }],
      },
    };
    const unlimited = { priority: "DEFAULT", max_connections: 100000, max_pending_requests: 100000, max_requests: 1000000 };
    const config = {
      static_resources: {
        listeners: [
          {
            name: "clients",
            address: address(port),
            filter_chains: [{ filters: [{ name: "http", typed_config: connectionManager }] }],
          },
        ],
        clusters: [
          {
            name: "service",
            type: "STATIC",
            connect_timeout: "5s",
            circuit_breakers: { thresholds: [unlimited] },
            load_assignment: { cluster_name: "service", endpoints: [{ lb_endpoints: [{ endpoint: { address: address(upstreamPort) } }] }] },
          },
        ],
      },
    };
    const file = join(folder, "envoy.json");
    writeFileSync(file, JSON.stringify(config));
    return { file: program, args: ["-c", file, "--concurrency", "1", "--disable-hot-restart", "--log-level", "error"] };
  },
};
