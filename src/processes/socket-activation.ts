// Listening sockets that a service manager made and handed to us: systemd's socket activation, sd_listen_fds(3). Whose they are is
// decided here; who accepts on them is the supervisor's matter. The launcher (bin/runtime.mjs) has checked that they are meant for
// us and says so in words of ours.
import { adoptListener, type SharedListener, type SocketAddress } from "../transport/index.ts";

export interface InheritedListener extends SharedListener {
  /** FileDescriptorName= of the socket unit; the unit's own name when it gives none. "" when nothing was said. */
  readonly name: string;
}

/** A listener of the configuration, or the admin address under the name `admin`. */
export interface WantedListener {
  readonly name: string;
  readonly address: SocketAddress;
}

export interface Activation {
  /** By the listener's name. Listeners that are missing here got none: bind them. */
  readonly listeners: ReadonlyMap<string, InheritedListener>;
  /** Sentences for the operator about what does not fit. None of them keeps the gateway from serving. */
  readonly remarks: readonly string[];
}

type Environment = Record<string, string | undefined>;

const FIRST = 3;

/**
 * The sockets that were handed to this process; none is the usual case. What says so is taken out of `env`, so that no child of ours
 * believes it is meant. A descriptor that can't be accepted on is left out, with a remark.
 */
export async function takeInheritedListeners(env: Environment): Promise<{ listeners: InheritedListener[]; remarks: string[] }> {
  const count = Number(env["SALLYPORT_LISTEN_FDS"] ?? 0);
  const names = (env["SALLYPORT_LISTEN_FDNAMES"] ?? "").split(":");
  for (const name of ["SALLYPORT_LISTEN_FDS", "SALLYPORT_LISTEN_FDNAMES", "SALLYPORT_LISTEN_BY"]) delete env[name];
  const listeners: InheritedListener[] = [];
  const remarks: string[] = [];
  for (let index = 0; index < count; index += 1) {
    const name = names[index] ?? "";
    try {
      listeners.push({ ...(await adoptListener(FIRST + index)), name });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      remarks.push(
        `descriptor ${FIRST + index}${name === "" ? "" : ` (${name})`} from the service manager can't be accepted on: ${reason}`,
      );
    }
  }
  return { listeners, remarks };
}

/**
 * Gives each listener its socket: the one of its name and address, else the one of its name, else the one of its address. A socket
 * bears its unit's name when it was given none, and several may bear one name.
 */
export function matchInherited(wanted: readonly WantedListener[], inherited: readonly InheritedListener[]): Activation {
  const listeners = new Map<string, InheritedListener>();
  const free = new Set(inherited);
  const remarks: string[] = [];
  const rules: ((listener: WantedListener, socket: InheritedListener) => boolean)[] = [
    (listener, socket) => listener.name === socket.name && isSame(listener.address, socket.address),
    (listener, socket) => listener.name === socket.name,
    (listener, socket) => isSame(listener.address, socket.address),
  ];
  for (const fits of rules) {
    for (const listener of wanted) {
      if (listeners.has(listener.name)) continue;
      const socket = [...free].find((one) => fits(listener, one));
      if (socket === undefined) continue;
      free.delete(socket);
      listeners.set(listener.name, socket);
    }
  }
  for (const { name, address } of wanted) {
    const socket = listeners.get(name);
    if (socket !== undefined && !isSame(address, socket.address))
      remarks.push(`listener ${name} accepts on ${toText(socket.address)}, as the service manager has it, not on ${toText(address)}`);
  }
  for (const { descriptor, name, address } of free) {
    remarks.push(
      `descriptor ${descriptor}${name === "" ? "" : ` (${name})`} from the service manager listens on ${toText(address)}, which is no listener's: ` +
        `FileDescriptorName= of its socket unit must name one (${wanted.map((one) => one.name).join(", ")}), or one have that address`,
    );
  }
  if (inherited.length > 0) {
    for (const { name, address } of wanted) {
      if (!listeners.has(name))
        remarks.push(`listener ${name} got no socket from the service manager: ${toText(address)} is bound by the gateway itself`);
    }
  }
  return { listeners, remarks };
}

function isSame(a: SocketAddress, b: SocketAddress): boolean {
  return toText(a) === toText(b);
}

function toText(address: SocketAddress): string {
  if ("path" in address) return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
