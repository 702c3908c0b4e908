// The rig of the TLS parts of the contract: listeners that shake hands, connections of our own and from the openssl command, and the
// account of both ends.
import { spawn } from "node:child_process";
import type { AcceptedSocket, Listener, SocketAddress } from "../socket.ts";
import type { ClientAuth, ClientTls, ServerTls } from "../tls.ts";
import { certificates, type IssuedPair } from "./certificates.ts";
import { Recorder } from "./recorder.ts";
import { ANY_PORT, type Subject } from "./rig.ts";

export type React = (recorder: Recorder, event: string) => void;

export interface TlsServer {
  readonly address: SocketAddress;
  readonly listener: Listener;
  /** The accepted sockets, one a call, in order. */
  next(): Promise<Recorder>;
}

export interface SslRun {
  readonly code: number | null;
  readonly output: string;
}

export class TlsRig {
  readonly subject: Subject;
  recorders: Recorder[] = [];
  listeners: Listener[] = [];
  readonly #running = new Set<ReturnType<typeof spawn>>();

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** Shakes hands with everybody; `react` acts from inside the callbacks of accepted sockets, "accept" being the first. */
  async listen(tls: ServerTls, react: React = () => {}): Promise<TlsServer> {
    return this.serve(react, tls);
  }

  /** The same without TLS of its own when `tls` is absent. */
  async serve(react: React, tls?: ServerTls): Promise<TlsServer> {
    const accepted: Recorder[] = [];
    const waiting: ((recorder: Recorder) => void)[] = [];
    const accept = (socket: AcceptedSocket): Recorder => {
      const recorder = new Recorder().attach(socket);
      this.recorders.push(recorder);
      recorder.react = (event) => react(recorder, event);
      react(recorder, "accept");
      const next = waiting.shift();
      if (next) next(recorder);
      else accepted.push(recorder);
      return recorder;
    };
    const listener = await this.subject.transport.listen(ANY_PORT, accept, tls === undefined ? {} : { tls });
    this.listeners.push(listener);
    return {
      address: listener.address,
      listener,
      next() {
        const first = accepted.shift();
        return first ? Promise.resolve(first) : new Promise((resolve) => waiting.push(resolve));
      },
    };
  }

  connect(address: SocketAddress, tls: ClientTls, react: React = () => {}, preamble: Uint8Array | null = null): Recorder {
    const recorder = new Recorder();
    recorder.react = (event) => react(recorder, event);
    recorder.attach(this.subject.transport.connect(address, recorder, tls, preamble));
    this.recorders.push(recorder);
    return recorder;
  }

  /** Both ends of one connection, each either secured or closed. What the client writes at once is on its way with its certificate. */
  async shake(serverTls: ServerTls, clientTls: ClientTls): Promise<{ near: Recorder; far: Recorder }> {
    const server = await this.listen(serverTls);
    const near = this.connect(server.address, clientTls);
    near.call((socket) => socket.writeText("early"));
    const far = await server.next();
    await settled(far);
    await settled(near);
    return { near, far };
  }

  /** openssl s_client against a listener, until it ends; `input` is typed into it. */
  async sClient(address: SocketAddress, args: readonly string[], input = ""): Promise<SslRun> {
    const { folder } = certificates();
    const child = spawn("openssl", ["s_client", "-connect", `127.0.0.1:${portOf(address)}`, ...args], { cwd: folder });
    this.#running.add(child);
    let output = "";
    child.stdout.on("data", (text: Buffer) => {
      output += text.toString("latin1");
    });
    child.stderr.on("data", (text: Buffer) => {
      output += text.toString("latin1");
    });
    child.stdin.on("error", () => {});
    if (input !== "") child.stdin.write(input);
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    this.#running.delete(child);
    return { code, output };
  }

  async clear(): Promise<void> {
    for (const child of this.#running) child.kill("SIGKILL");
    for (const listener of this.listeners) listener.close();
    for (const recorder of this.recorders) recorder.socket.close();
    for (const recorder of this.recorders) await recorder.closed();
    for (const recorder of this.recorders) recorder.check();
    this.listeners = [];
    this.recorders = [];
  }
}

export function portOf(address: SocketAddress): number {
  if (!("port" in address)) throw new Error("an address with a port");
  return address.port;
}

/** Open, secured, or closed. */
export function settled(recorder: Recorder): Promise<void> {
  return recorder.until(() => recorder.isClosed || recorder.events.includes("secure") || recorder.events.includes("open"));
}

/** Says what came of the handshake and ends, which ends an openssl client too. */
export const greet: React = (recorder, event) => {
  if (event !== "secure") return;
  recorder.call((socket) => {
    socket.writeText("greeting\n");
    socket.end();
  });
};

/** A policy that believes `authority`. */
export function clientAuthOf(authority: IssuedPair, mode: ClientAuth["mode"], crl: readonly string[] = []): ClientAuth {
  return { id: `${authority.certPath} ${mode} ${crl.length}`, mode, ca: authority.cert, crl };
}

/** The command line that shows a certificate, with its chain. */
export function showing(pair: IssuedPair): string[] {
  return ["-cert", pair.certPath, "-key", pair.keyPath, "-cert_chain", pair.certPath];
}
