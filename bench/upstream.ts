// The upstream of every job: nginx with one worker, answering /small from its configuration and /1mb by sendfile.
// nginx, not a server of our own, because it costs least: what it leaves of its core is the load generator's, and only
// a load generator that outruns the contestant keeps that one busy (an idle proxy wakes for single events and looks dearer).
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Child, startPinned } from "./child.ts";
import type { TlsFiles } from "./tls-files.ts";

export const SMALL_BODY = JSON.stringify({
  id: 1,
  name: "Walnut desk",
  price: { amount: 34900, currency: "EUR" },
  stock: 12,
  tags: ["office", "wood"],
  rating: 4.7,
  sku: "WD-001-A2",
});
/** Of /1gb: a file that takes no room, being empty. */
export const HUGE_BODY_BYTES = 2 ** 30;
export const LARGE_BODY = Buffer.alloc(1 << 20, "0123456789abcdef");

/** Main-level and http-level lines that upstream and rival share: one worker, nothing limited that a benchmark would run into. */
export function nginxFile(folder: string, http: string): string {
  return `daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${folder}/nginx.pid; error_log ${folder}/error.log warn;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 15000; }
http {
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
  keepalive_requests 1000000000; keepalive_timeout 1h; sendfile on; tcp_nodelay on; server_tokens on;
  ${http}
}
`;
}

/** What nginx says to handshakes, as upstream and as rival: tickets as they are by default, like everybody's here. */
export function nginxTls({ cert, key }: TlsFiles): string {
  return `ssl_certificate ${cert}; ssl_certificate_key ${key}; ssl_protocols TLSv1.2 TLSv1.3;`;
}

export interface Upstream {
  readonly port: number;
  /** Where the same is answered over HTTP/2 with prior knowledge. */
  readonly h2Port: number;
  /** Where /1gb is answered over HTTP/2 by nghttpd; null when no job asks for that. */
  readonly bulkPort: number | null;
  /** Where the same is answered over TLS; null when no job asks for that. */
  readonly tls: { readonly port: number; readonly files: TlsFiles } | null;
}

export async function startUpstream(nginx: string, folder: string, core: number, { port, h2Port, tls }: Upstream): Promise<Child> {
  writeFileSync(join(folder, "1mb"), LARGE_BODY);
  writeFileSync(join(folder, "1gb"), "");
  truncateSync(join(folder, "1gb"), HUGE_BODY_BYTES);
  const config = join(folder, "nginx.conf");
  const server = `access_log off; open_file_cache max=10;
  server {
    listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${h2Port} http2 backlog=4096; ${tls ? `listen 127.0.0.1:${tls.port} ssl backlog=4096; ${nginxTls(tls.files)}` : ""} root ${folder};
    location = /small { default_type application/json; return 200 '${SMALL_BODY}'; }
    location = /1mb { default_type application/octet-stream; }
    location = /1gb { default_type application/octet-stream; }
  }`;
  writeFileSync(config, nginxFile(folder, server));
  return startPinned({ file: nginx, args: ["-p", folder, "-c", config, "-e", join(folder, "error.log")] }, core, port, join(folder, "out"));
}

/**
 * The upstream of large bodies over HTTP/2, which serves the same folder: nginx spends two system calls on each frame of such a body, and so
 * is outrun by whom it is to keep busy.
 */
export function startBulkUpstream(nghttpd: string, folder: string, core: number, port: number): Promise<Child> {
  return startPinned(
    { file: nghttpd, args: ["-a", "127.0.0.1", "--no-tls", "-d", folder, `${port}`] },
    core,
    port,
    join(folder, "nghttpd.out"),
  );
}
