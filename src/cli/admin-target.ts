// Where the commands that ask a running gateway find it: by the configuration that it was started with, or by what the command line says.

import { readFileSync } from "node:fs";
import { canonicalIp, Secret, systemClock } from "../base/index.ts";
import { type AdminAnswer, type AdminTarget, AdminUnreachable, askAdmin } from "../control/index.ts";
import { parseHost } from "../http/index.ts";
import { type ClientTls, defaultTransport, type SocketAddress, toAddressText } from "../transport/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_UNREACHABLE } from "./exit-codes.ts";
import { loadOrTell } from "./load.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

/** The address, or the exit code after what is wrong was told. */
export async function findAdmin({ values, operands }: CommandLine, terminal: Terminal): Promise<AdminTarget | number> {
  const isJson = values["json"] === true;
  const refuse = (problem: string) => refuseUsage(terminal, problem, isJson);
  const [file] = operands;
  const { admin, "token-env": tokenEnv } = values;
  const given = typeof admin === "string" ? parseAdminUrl(admin) : null;
  if (typeof given === "string") return refuse(given);
  if (given === null && file === undefined) return refuse("name the gateway: by its configuration, FILE, or by --admin URL");
  let token: Secret | null = null;
  if (typeof tokenEnv === "string") {
    const text = process.env[tokenEnv] ?? "";
    if (!/^[\x21-\x7e]+$/.test(text)) return refuse(`the environment has no token in ${tokenEnv}`);
    token = new Secret(text);
  }
  let files: TlsFiles;
  try {
    files = readTlsFiles(values);
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  if (given !== null) return { address: given.address, host: given.host, tls: given.isTls ? toTls(given.host, files) : null, token };
  const loaded = await loadOrTell(file ?? "", terminal, isJson);
  if (loaded === null) {
    if (!isJson)
      terminal.err(
        "What runs may be asked all the same: name its address with --admin http://127.0.0.1:9901, its token with --token-env NAME.",
      );
    return EXIT_CONFIG;
  }
  const section = loaded.config.admin;
  if (section === null) return refuse(`${file} has no admin address`);
  const { address, hosts } = section;
  if ("port" in address && address.port === 0)
    return refuse(`the admin address of ${file} has port 0, which is another one each time: name it with --admin URL`);
  const reached = toReachable(address);
  const host = hosts[0] ?? ("path" in reached ? "localhost" : toAddressText(reached));
  return { address: reached, host, tls: section.tls === null ? null : toTls(host, files), token: token ?? section.token };
}

/** The answer, or the exit code after it was told that there is none. */
export async function ask(
  target: AdminTarget,
  method: "GET" | "POST",
  path: string,
  timeoutMs: number,
  terminal: Terminal,
  isJson: boolean,
  body: object | null = null,
): Promise<AdminAnswer | number> {
  try {
    return await askAdmin({ transport: defaultTransport(), clock: systemClock }, target, method, path, timeoutMs, body);
  } catch (error) {
    if (!(error instanceof AdminUnreachable)) throw error;
    return tellUnreachable(`the admin address ${toAddressText(target.address)} can't be asked: ${error.message}`, terminal, isJson);
  }
}

export function tellUnreachable(problem: string, terminal: Terminal, isJson: boolean): number {
  if (isJson) terminal.out(JSON.stringify({ ok: false, error: problem }));
  else terminal.err(`${terminal.paint.bad("sallyport:")} ${problem}`);
  return EXIT_UNREACHABLE;
}

function parseAdminUrl(text: string): { address: SocketAddress; host: string; isTls: boolean } | string {
  if (text.startsWith("unix:") && text.length > "unix:".length)
    return { address: { path: text.slice("unix:".length) }, host: "localhost", isTls: false };
  const [, scheme = "", authority = ""] = /^(https?):\/\/([^/?#@]+)\/?$/.exec(text) ?? [];
  const host = parseHost(authority);
  if (scheme === "" || "kind" in host) return `--admin takes a URL such as http://127.0.0.1:9901 or unix:/run/admin.sock, got "${text}"`;
  const name = host.name.replace(/^\[(.*)\]$/, "$1");
  return { address: { host: name, port: host.port ?? (scheme === "https" ? 443 : 80) }, host: authority, isTls: scheme === "https" };
}

/** An address that listens on all networks is asked on the nearest of them. */
function toReachable(address: SocketAddress): SocketAddress {
  if ("path" in address) return address;
  const ip = canonicalIp(address.host);
  if (ip === "0.0.0.0") return { host: "127.0.0.1", port: address.port };
  return ip === "::" ? { host: "::1", port: address.port } : address;
}

interface TlsFiles {
  readonly ca: string | null;
  readonly identity: ClientTls["identity"];
}

/** Throws, in words for people, what can't be read or is not there. */
function readTlsFiles(values: CommandLine["values"]): TlsFiles {
  const read = (option: string) => {
    const file = values[option];
    if (typeof file !== "string") return null;
    try {
      return readFileSync(file, "utf8");
    } catch (error) {
      throw new Error(`--${option} can't be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const [ca, cert, key] = [read("ca"), read("cert"), read("key")];
  if ((cert === null) !== (key === null)) throw new Error("--cert and --key belong together");
  return { ca, identity: cert === null || key === null ? null : { cert, key } };
}

function toTls(host: string, { ca, identity }: TlsFiles): ClientTls {
  const parsed = parseHost(host);
  const serverName = "kind" in parsed ? host : parsed.name.replace(/^\[(.*)\]$/, "$1");
  return { ca, crl: [], serverName, identity, minVersion: "TLSv1.2", protocols: [] };
}
