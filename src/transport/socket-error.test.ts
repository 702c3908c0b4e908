// Why a listener could not be bound, in words that are the same on every runtime.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { defaultTransport } from "./index.ts";
import type { SocketAddress } from "./socket.ts";
import { createListenError } from "./socket-error.ts";

function listen(address: SocketAddress): Promise<unknown> {
  return defaultTransport().listen(address, () => {
    throw new Error("nobody connects");
  });
}

describe("an address that can't be bound", () => {
  it("that is in use is said to be", async () => {
    const listener = await defaultTransport().listen({ host: "127.0.0.1", port: 0 }, () => {
      throw new Error("nobody connects");
    });
    try {
      await assert.rejects(
        listen(listener.address),
        /^Error: cannot listen on 127\.0\.0\.1:\d+: something else listens there \(EADDRINUSE\)$/,
      );
    } finally {
      listener.close();
    }
  });

  it("that no interface has is said to be missing", async () => {
    // TEST-NET-1 of RFC 5737.
    await assert.rejects(listen({ host: "192.0.2.1", port: 0 }), /this machine has no such address \(EADDRNOTAVAIL\)$/);
  });

  it("in a folder that does not exist says so", async () => {
    await assert.rejects(listen({ path: "/nonexistent/a.sock" }), /folder .*exist/);
  });

  it("keeps the words of an error that is not the system's", () => {
    const cause = Object.assign(new Error("not a socket"), { code: "EADDRINUSE" });
    const error = createListenError("/a", cause);
    assert.equal(error.message, "cannot listen on /a: not a socket");
    assert.equal(error.code, "EADDRINUSE");
  });
});
