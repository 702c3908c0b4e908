// `sallyport start FILE`: one gateway in the foreground, from reading its configuration to the end of its last request.
// What a gateway does stands in processes/; this decides only when it begins, when it ends, and what people are told.
import { availableParallelism } from "node:os";
import { systemClock } from "../base/index.ts";
import { formatIssues } from "../config/index.ts";
import type { HeadStart } from "../processes/head-start/index.ts";
import {
  findServiceManager,
  type LoadOutcome,
  loadInChild,
  loadRevision,
  matchInherited,
  processSpawner,
  type Report,
  type Revision,
  RevisionStore,
  type ServiceManager,
  StartError,
  Supervisor,
  systemWatchHost,
  takeInheritedListeners,
} from "../processes/index.ts";
import { bindListener, defaultTransport, type SocketAddress } from "../transport/index.ts";
import { EXIT_BIND, EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { reportLoad } from "./report-load.ts";
import { onStopSignal } from "./stop-signal.ts";
import type { Terminal } from "./terminal.ts";
import { nameRuntime, readVersion } from "./version.ts";

// For what a gateway does after its last request: the last log lines.
const STOP_MARGIN_MS = 2_000;

export interface StartOptions {
  /** A `stateDir`: what served last and was kept there is served when FILE can't be. */
  readonly lastGood: string | null;
  /** What runs already; ended by start(). */
  readonly headStart: HeadStart | null;
}

/** Runs the gateway that `file` describes until a signal stops it, and resolves to the exit code. */
export async function start(file: string, options: StartOptions, terminal: Terminal): Promise<number> {
  const { paint } = terminal;
  const manager = findServiceManager(process.env, (reason) => terminal.err(`${paint.bad("sallyport:")} ${reason}`));
  let supervisor: Supervisor | null = null;
  const operators = listenToOperators(() => supervisor, manager);
  const first = await loadFirst(file, options, terminal);
  if (first === null) {
    operators.forget();
    options.headStart?.end();
    return EXIT_CONFIG;
  }
  reportLoad(first, terminal);
  const stopped = Promise.withResolvers<void>();
  let stopAsked = false;
  const dispose = onStopSignal(process, () => systemClock.now(), {
    onStop(cause) {
      stopAsked = true;
      const graceMs = supervisor?.drainMs ?? first.config.gateway.drainMs;
      terminal.err(`${paint.dim(cause)}: finishing the requests in flight, ${graceMs / 1000} s at most`);
      if (supervisor !== null) stopped.resolve(stop(supervisor, graceMs, manager, terminal));
    },
    onStopNow(cause) {
      terminal.err(`${paint.dim(cause)} again: stopping at once`);
      supervisor?.kill();
      process.exit(EXIT_OK);
    },
  });
  try {
    supervisor = await open(file, first, options.headStart, terminal);
    options.headStart?.end();
  } catch (error) {
    dispose();
    operators.forget();
    options.headStart?.end();
    if (!(error instanceof StartError)) throw error;
    for (const message of error.messages) terminal.err(`${paint.bad(error.isBind ? "sallyport:" : `${file}:`)} ${message}`);
    return error.isBind ? EXIT_BIND : EXIT_CONFIG;
  }
  if (stopAsked) stopped.resolve(stop(supervisor, supervisor.drainMs, manager, terminal));
  else announce(supervisor, terminal);
  await manager?.ready(`generation ${supervisor.generation} serves`);
  operators.catchUp();
  await stopped.promise;
  dispose();
  operators.forget();
  terminal.err(paint.dim("stopped"));
  return EXIT_OK;
}

/** Null when there is nothing to serve; then everything has been said. */
async function loadFirst(file: string, { lastGood }: StartOptions, terminal: Terminal): Promise<Revision | null> {
  const loaded = await loadRevision(file);
  if (loaded.revision !== null) return loaded.revision;
  tellRefusal(file, loaded, terminal);
  if (lastGood === null) return null;
  const kept = new RevisionStore(lastGood, file).read();
  if (kept === null) {
    terminal.err(`${terminal.paint.bad("--last-good:")} nothing of ${file} is kept in ${lastGood}`);
    return null;
  }
  const again = await loadRevision(file, kept.text);
  if (again.revision === null) {
    tellRefusal(file, again, terminal);
    return null;
  }
  terminal.err(
    `${terminal.paint.bad("DEGRADED:")} serving what served last (generation ${kept.generation}, kept ${kept.keptAt}), not what ${file} says`,
  );
  return { ...again.revision, isKept: true };
}

function tellRefusal(file: string, loaded: LoadOutcome, terminal: Terminal): void {
  if (loaded.revision !== null) return;
  const { issues, messages } = loaded;
  if (issues.length > 0) terminal.err(formatIssues(issues, { colour: terminal.coloured }).trimEnd());
  for (const message of messages) terminal.err(`${terminal.paint.bad(`${file}:`)} ${message}`);
}

async function open(file: string, first: Revision, headStart: HeadStart | null, terminal: Terminal): Promise<Supervisor> {
  const { listeners, remarks } = await takeInheritedListeners(process.env);
  const activation = matchInherited(first.config.listeners, listeners);
  for (const remark of [...remarks, ...(listeners.length > 0 ? activation.remarks : [])])
    terminal.err(`${terminal.paint.bad("sallyport:")} ${remark}`);
  const version = readVersion();
  return Supervisor.start(first, {
    clock: systemClock,
    transport: defaultTransport(),
    spawner: headStart?.spawner(processSpawner()) ?? processSpawner(),
    bind: headStart?.bind ?? bindListener,
    watchHost: systemWatchHost(systemClock),
    version,
    runtime: nameRuntime(),
    processors: availableParallelism(),
    inherited: activation.listeners,
    load: () => loadInChild(file),
    store: (stateDir) => new RevisionStore(stateDir, file),
    random: Math.random,
    report: (report) => tell(report, terminal),
  });
}

function tell({ level, text, issues }: Report, terminal: Terminal): void {
  const { paint } = terminal;
  terminal.err(level === "info" ? text : `${paint.bad(`${level}:`)} ${text}`);
  if (issues !== undefined && issues.length > 0) terminal.err(formatIssues(issues, { colour: terminal.coloured }).trimEnd());
}

/** SIGHUP and SIGUSR2. What is asked for before there is a gateway, `catchUp` does; `forget` ends the listening. */
function listenToOperators(
  supervisor: () => Supervisor | null,
  manager: ServiceManager | null,
): { readonly catchUp: () => void; readonly forget: () => void } {
  let isMissed = false;
  const reload = async () => {
    const running = supervisor();
    if (running === null) {
      isMissed = true;
      return;
    }
    await manager?.reloading();
    await running.reopenLogs();
    const { generation } = await running.reload("SIGHUP");
    await manager?.ready(`generation ${generation} serves`);
  };
  const onHangUp = () => void reload();
  const onRestart = () => void supervisor()?.restartWorkers("SIGUSR2");
  // Unheeded it ends the process in the middle of every request. From a terminal that is what it is for.
  if (process.stderr.isTTY !== true) process.on("SIGHUP", onHangUp);
  process.on("SIGUSR2", onRestart);
  return {
    catchUp: () => {
      // What was read may be older than the signal. Workers that are to be replaced have only begun.
      if (isMissed) onHangUp();
    },
    forget: () => {
      process.removeListener("SIGHUP", onHangUp);
      process.removeListener("SIGUSR2", onRestart);
    },
  };
}

async function stop(supervisor: Supervisor, graceMs: number, manager: ServiceManager | null, terminal: Terminal): Promise<void> {
  // Whatever keeps the gateway from ending, a supervisor must not have to kill it.
  const overdue = systemClock.schedule(() => {
    terminal.err(`${terminal.paint.bad("sallyport:")} the gateway did not end by itself; leaving all the same`);
    supervisor.kill();
    process.exit(EXIT_OK);
  }, graceMs + STOP_MARGIN_MS);
  void manager?.stopping();
  await supervisor.stop(graceMs);
  overdue.cancel();
}

function announce(supervisor: Supervisor, terminal: Terminal): void {
  const { paint } = terminal;
  const { workers, generation } = supervisor.status();
  const pids = workers.map(({ pid }) => pid).join(", ");
  terminal.err(
    `sallyport ${readVersion()} on ${nameRuntime()}, process ${process.pid}, ${workers.length === 1 ? "worker" : "workers"} ${pids}, generation ${generation}`,
  );
  for (const { name, address } of supervisor.listeners) {
    terminal.err(`${paint.good("listening")} on ${toUrl(address, supervisor.speaksTls(name))} ${paint.dim(`(listener ${name})`)}`);
  }
  const admin = supervisor.adminAddress;
  if (admin !== null)
    terminal.err(`${paint.good("admin")} on ${toUrl(admin, supervisor.speaksTls(null))} ${paint.dim("(GET / lists its pages)")}`);
  // The word that process managers wait for when they hold a channel to this process.
  process.send?.("ready");
}

function toUrl(address: SocketAddress, isTls: boolean): string {
  if ("path" in address) return `unix:${address.path}`;
  return `${isTls ? "https" : "http"}://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
