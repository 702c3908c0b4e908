// @hot
// The addresses of a net.Socket, read on first use and kept, or replaced by those that a PROXY header told. What NodeSocket begins with.
import type { Socket as NetSocket } from "node:net";
import { toPlainAddress } from "../address-text.ts";

export class AddressedSocket {
  /** What is read and written: the TLS socket as soon as there is one. */
  raw: NetSocket;
  remoteText: string | null = null;
  remotePortKnown = -1;
  localText: string | null = null;
  localPortKnown = -1;

  constructor(raw: NetSocket) {
    this.raw = raw;
  }

  get remoteAddress(): string {
    if (this.remoteText !== null) return this.remoteText;
    const { remoteAddress } = this.raw;
    if (remoteAddress === undefined) return "";
    this.remoteText = toPlainAddress(remoteAddress);
    return this.remoteText;
  }

  get remotePort(): number {
    if (this.remotePortKnown >= 0) return this.remotePortKnown;
    const { remotePort } = this.raw;
    if (remotePort === undefined) return 0;
    this.remotePortKnown = remotePort;
    return remotePort;
  }

  get localAddress(): string {
    if (this.localText !== null) return this.localText;
    const { localAddress } = this.raw;
    if (localAddress === undefined) return "";
    this.localText = toPlainAddress(localAddress);
    return this.localText;
  }

  get localPort(): number {
    if (this.localPortKnown >= 0) return this.localPortKnown;
    const { localPort } = this.raw;
    if (localPort === undefined) return 0;
    this.localPortKnown = localPort;
    return localPort;
  }

  present(remote: { readonly address: string; readonly port: number }, local: { readonly address: string; readonly port: number }): void {
    this.remoteText = remote.address;
    this.remotePortKnown = remote.port;
    this.localText = local.address;
    this.localPortKnown = local.port;
  }
}
