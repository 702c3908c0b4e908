import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { SocketAddress } from "../transport/index.ts";
import { type InheritedListener, matchInherited, takeInheritedListeners, type WantedListener } from "./socket-activation.ts";

const at = (port: number, host = "127.0.0.1"): SocketAddress => ({ host, port });
const socket = (descriptor: number, name: string, address: SocketAddress): InheritedListener => ({ descriptor, name, address, close() {} });
const wanted = (name: string, address: SocketAddress): WantedListener => ({ name, address });

function match(listeners: readonly WantedListener[], sockets: readonly InheritedListener[]): [Record<string, number>, readonly string[]] {
  const activation = matchInherited(listeners, sockets);
  return [Object.fromEntries([...activation.listeners].map(([name, { descriptor }]) => [name, descriptor])), activation.remarks];
}

describe("inherited sockets", () => {
  it("belong to the listener of their name, whatever the address", () => {
    const [got, remarks] = match(
      [wanted("http", at(8080)), wanted("https", at(8443))],
      [socket(3, "https", at(443)), socket(4, "http", at(8080))],
    );
    assert.deepEqual(got, { http: 4, https: 3 });
    assert.deepEqual(remarks, ["listener https accepts on 127.0.0.1:443, as the service manager has it, not on 127.0.0.1:8443"]);
  });

  it("belong to the listener of their address when the name says nothing", () => {
    const [got, remarks] = match(
      [wanted("a", at(80)), wanted("b", at(80, "::1")), wanted("c", { path: "/run/c.sock" })],
      [socket(3, "x.socket", { path: "/run/c.sock" }), socket(4, "x.socket", at(80, "::1")), socket(5, "", at(80))],
    );
    assert.deepEqual(got, { a: 5, b: 4, c: 3 });
    assert.deepEqual(remarks, []);
  });

  it("of one name and several addresses each go where both fit", () => {
    const [got] = match([wanted("web", at(81)), wanted("other", at(80))], [socket(3, "web", at(80)), socket(4, "web", at(81))]);
    assert.deepEqual(got, { web: 4, other: 3 });
  });

  it("that are nobody's are named, and so are listeners that got none", () => {
    const [got, remarks] = match([wanted("http", at(8080))], [socket(3, "x.socket", at(80))]);
    assert.deepEqual(got, {});
    assert.deepEqual(remarks, [
      "descriptor 3 (x.socket) from the service manager listens on 127.0.0.1:80, which is no listener's: FileDescriptorName= of its socket unit must name one (http), or one have that address",
      "listener http got no socket from the service manager: 127.0.0.1:8080 is bound by the gateway itself",
    ]);
  });

  it("are none, without a word, when no service manager is there", async () => {
    assert.deepEqual(await takeInheritedListeners({}), { listeners: [], remarks: [] });
    assert.deepEqual(match([wanted("http", at(8080))], []), [{}, []]);
  });
});
