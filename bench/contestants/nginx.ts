// nginx as a proxy, in the usual tuning for keep-alive. The buffering of responses differs by name, because it decides what
// large bodies cost: the job with large bodies shows all three, and says so beside any figure.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TLS_NAME } from "../tls-files.ts";
import { findProgram } from "../tools.ts";
import { nginxFile, nginxTls } from "../upstream.ts";
import { type Contestant, IDENTITY_HEADERS, type TlsSetting } from "./contestant.ts";

// Buffered like Sallyport's log: 64 KiB or a second, whichever comes first.
const LOG = `log_format line escape=json '{"time":"$time_iso8601","requestId":"$request_id","client":"$remote_addr","method":"$request_method","host":"$host","path":"$uri","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr","upstreamStatus":"$upstream_status","upstreamSeconds":"$upstream_response_time","userAgent":"$http_user_agent"}';
  access_log access.log line buffer=64k flush=1s;`;

// The first is what ratios are to. Its buffers are nginx's defaults (8 of a page), and what is buffered stays in memory.
const BUFFERING = {
  nginx: "proxy_max_temp_file_size 0;",
  "nginx-spool": "",
  "nginx-64k": "proxy_max_temp_file_size 0; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;",
} as const;

export function nginx(name: keyof typeof BUFFERING): Contestant {
  return {
    name,
    accessLogFile: "access.log",
    prepare({ folder, port, upstreamPort, accessLog, wire, tls }) {
      const program = findProgram("nginx");
      if (program === null) return new Error("apt-get install nginx-light");
      const http = `${accessLog ? LOG.replace("access.log line", `${folder}/access.log line`) : "access_log off;"}
  ${BUFFERING[name]}
  upstream service { server 127.0.0.1:${upstreamPort}; keepalive 64; keepalive_requests 1000000000; keepalive_timeout 1h; }
  server {
    listen 127.0.0.1:${port}${tls ? " ssl" : ""}${wire === null ? "" : " http2"} backlog=4096; ${tls ? nginxTls(tls.files) : ""}
    location / {
      ${wire === "h2-h2" ? "grpc_pass grpc://service; " : `proxy_pass ${toUpstream(tls)}; proxy_http_version 1.1; `}proxy_set_header Connection ""; proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Request-Id $request_id; proxy_set_header Via "1.1 nginx";
      ${IDENTITY_HEADERS.map((header) => `proxy_set_header ${header} "";`).join(" ")}
      add_header X-Request-Id $request_id; add_header Via "1.1 nginx";
    }
  }`;
      // The fields of grpc_pass have directives of their own.
      const text =
        wire === "h2-h2" ? http.replaceAll('proxy_set_header Connection ""; ', "").replaceAll("proxy_set_header", "grpc_set_header") : http;
      const config = join(folder, "nginx.conf");
      writeFileSync(config, nginxFile(folder, text));
      return { file: program, args: ["-p", folder, "-c", config, "-e", join(folder, "error.log")] };
    },
  };
}

// Its default for upstreams ends with TLS 1.2.
function toUpstream(tls: TlsSetting | null): string {
  if (!tls?.upstream) return "http://service";
  return `https://service; proxy_ssl_protocols TLSv1.2 TLSv1.3; proxy_ssl_verify on; proxy_ssl_trusted_certificate ${tls.files.ca};
      proxy_ssl_name ${TLS_NAME}; proxy_ssl_server_name on; proxy_ssl_session_reuse on`;
}
