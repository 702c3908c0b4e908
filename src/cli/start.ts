// `sallyport start FILE`: one gateway in the foreground, from reading its configuration to the end of its last request.
// What a gateway does stands in gateway/; this decides only when it begins, when it ends, and what people are told.
import { systemClock } from "../base/index.ts";
import { formatIssues, type LoadedConfig, loadConfig, saveLastGood } from "../config/index.ts";
import { BlueprintError, createGateway, type Gateway } from "../gateway/index.ts";
import { defaultTransport, type SocketAddress } from "../transport/index.ts";
import { EXIT_BIND, EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { reportLoad } from "./report-load.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";
import { nameRuntime, readVersion } from "./version.ts";

// Supervisors kill after 10 s (Docker) or 30 s (Kubernetes, systemd 90 s): what is still open just before the shortest is given up
// in order, with its line in the access log.
const STOP_GRACE_MS = 9_000;
// For what a gateway does after its last request: the last log lines.
const STOP_MARGIN_MS = 500;

/** Runs the gateway that `file` describes until a signal stops it, and resolves to the exit code. */
export async function start(file: string, terminal: Terminal): Promise<number> {
  const { paint } = terminal;
  const loaded = await loadConfig(file);
  const { config, teams } = loaded;
  if (config === null) {
    terminal.err(formatIssues(loaded.issues, { colour: terminal.coloured }).trimEnd());
    return EXIT_CONFIG;
  }
  reportLoad(loaded, terminal);
  const stopped = Promise.withResolvers<void>();
  let gateway: Gateway | null = null;
  let stopAsked = false;
  const dispose = onStopSignal(process, () => systemClock.now(), {
    onStop(cause) {
      stopAsked = true;
      terminal.err(`${paint.dim(cause)}: finishing the requests in flight, ${STOP_GRACE_MS / 1000} s at most`);
      if (gateway !== null) stopped.resolve(stop(gateway, terminal));
    },
    onStopNow(cause) {
      terminal.err(`${paint.dim(cause)} again: stopping at once`);
      process.exit(EXIT_OK);
    },
  });
  const to = config.telemetry.accessLog?.to;
  const onHangUp = () => void reopenLog(gateway, typeof to === "object", terminal);
  // Unheeded it ends the process in the middle of every request. From a terminal that is what it is for.
  if (process.stderr.isTTY !== true) process.on("SIGHUP", onHangUp);
  try {
    gateway = await createGateway(config, { transport: defaultTransport(), clock: systemClock, version: readVersion(), teams });
  } catch (error) {
    dispose();
    if (error instanceof BlueprintError) {
      for (const message of error.messages) terminal.err(`${paint.bad(file)}: ${message}`);
      return EXIT_CONFIG;
    }
    if (!isBindError(error)) throw error;
    terminal.err(`${paint.bad("sallyport:")} ${error.message}`);
    return EXIT_BIND;
  }
  keepLastGood(loaded, terminal);
  if (stopAsked) stopped.resolve(stop(gateway, terminal));
  else announce(gateway, terminal);
  await stopped.promise;
  dispose();
  process.removeListener("SIGHUP", onHangUp);
  terminal.err(paint.dim("stopped"));
  return EXIT_OK;
}

/** A gateway serves also where its state can't be kept. */
function keepLastGood(loaded: LoadedConfig, terminal: Terminal): void {
  try {
    saveLastGood(loaded);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.err(
      `${terminal.paint.bad("stateDir:")} the last good parts of teams can't be kept, so that a bad file takes its team's routes away at the next start: ${reason}`,
    );
  }
}

async function reopenLog(gateway: Gateway | null, isFile: boolean, terminal: Terminal): Promise<void> {
  try {
    await gateway?.reopenLog();
    const what = isFile ? "the access log was opened anew" : "there is no log file to open anew";
    terminal.err(`${terminal.paint.dim("SIGHUP")}: ${what}; the configuration is read at the start alone`);
  } catch (error) {
    terminal.err(`${terminal.paint.bad("SIGHUP:")} ${error instanceof Error ? error.message : String(error)}; the old file stays in use`);
  }
}

async function stop(gateway: Gateway, terminal: Terminal): Promise<void> {
  // Whatever keeps the gateway from ending, a supervisor must not have to kill it.
  const overdue = systemClock.schedule(() => {
    terminal.err(`${terminal.paint.bad("sallyport:")} the gateway did not end by itself; leaving all the same`);
    process.exit(EXIT_OK);
  }, STOP_GRACE_MS + STOP_MARGIN_MS);
  await gateway.stop(STOP_GRACE_MS);
  overdue.cancel();
}

function announce(gateway: Gateway, terminal: Terminal): void {
  const { paint } = terminal;
  terminal.err(`sallyport ${readVersion()} on ${nameRuntime()}, process ${process.pid}, generation ${gateway.generation}`);
  for (const { name, address } of gateway.listeners) {
    terminal.err(`${paint.good("listening")} on ${toUrl(address)} ${paint.dim(`(listener ${name})`)}`);
  }
  if (gateway.admin !== null)
    terminal.err(`${paint.good("admin")} on ${toUrl(gateway.admin)} ${paint.dim("(/metrics, /healthz, /readyz, /config)")}`);
  // The word that process managers wait for when they hold a channel to this process.
  process.send?.("ready");
}

function toUrl(address: SocketAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  return `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Whether the error is transport's for an address that can't be bound; any other is a bug and keeps its stack. */
function isBindError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
