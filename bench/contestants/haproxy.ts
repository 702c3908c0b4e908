// HAProxy with one thread.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TLS_NAME } from "../tls-files.ts";
import { findProgram } from "../tools.ts";
import { type Contestant, IDENTITY_HEADERS } from "./contestant.ts";

export const haproxy: Contestant = {
  name: "haproxy",
  prepare({ folder, port, upstreamPort, wire, tls }) {
    const program = findProgram("haproxy");
    if (program === null) return new Error("apt-get install haproxy");
    const config = join(folder, "haproxy.cfg");
    writeFileSync(
      config,
      `global
  nbthread 1
  maxconn 8000
defaults
  mode http
  timeout client 1h
  timeout server 1h
  timeout connect 5s
  timeout http-keep-alive 1h
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} backlog 4096${wire === null ? "" : " proto h2"}${tls ? ` ssl crt ${tls.files.bundle} ssl-min-ver TLSv1.2` : ""}
  option forwardfor
  unique-id-format %[uuid()]
  unique-id-header X-Request-Id
  http-request set-header X-Forwarded-Proto ${tls ? "https" : "http"}
  http-request set-header X-Forwarded-Host %[req.hdr(Host)]
  http-request add-header Via "1.1 haproxy"
${IDENTITY_HEADERS.map((header) => `  http-request del-header ${header}\n`).join("")}  http-response set-header X-Request-Id %[unique-id]
  http-response add-header Via "1.1 haproxy"
  default_backend service
backend service
  server one 127.0.0.1:${upstreamPort} pool-max-conn -1 pool-purge-delay 1h${wire === "h2-h2" ? " proto h2" : ""}${tls?.upstream ? ` ssl verify required ca-file ${tls.files.ca} sni str(${TLS_NAME}) verifyhost ${TLS_NAME}` : ""}
`,
    );
    return { file: program, args: ["-db", "-f", config] };
  },
};
