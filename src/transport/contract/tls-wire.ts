// Contract: what somebody on the way can do to a connection. Cutting it is no end, changing it is no data. Over real sockets.
import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import { describe, it } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import type { SocketAddress } from "../socket.ts";
import { certificates } from "./certificates.ts";
import { makeHello, RawClient } from "./raw-hello.ts";
import type { Recorder } from "./recorder.ts";
import { Relay } from "./relay.ts";
import { type React, settled, type TlsRig } from "./tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "./tls-subject.ts";

interface Line {
  readonly near: Recorder;
  readonly far: Recorder;
  readonly relay: Relay;
}

export function wireContract(rig: TlsRig): void {
  async function withRelay(run: (line: Line) => Promise<void>, prepare: (relay: Relay) => void = () => {}, react?: React): Promise<void> {
    const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)), react);
    const { relay, address } = await Relay.open(server.address);
    try {
      prepare(relay);
      const near = rig.connect(address, clientTlsFor("a.example"));
      const far = await server.next();
      await settled(near);
      await settled(far);
      await run({ near, far, relay });
    } finally {
      relay.close();
    }
  }

  describe("a connection that somebody cuts", () => {
    it("ends in order when the far side said so", async () => {
      await withRelay(async ({ near, far }) => {
        near.call((socket) => {
          socket.writeText("question");
          socket.end();
        });
        await far.ended();
        far.call((socket) => {
          socket.writeText("answer");
          socket.end();
        });
        await near.closed();
        await far.closed();
        assert.equal(near.story(), "open data end close");
        assert.equal(far.story(), "secure data end close");
        assert.equal(near.error, null);
        assert.equal(far.error, null);
      });
    });

    it("does not end when it is idle", async () => {
      await withRelay(async ({ near, far, relay }) => {
        relay.cut();
        await near.closed();
        await far.closed();
        for (const recorder of [near, far]) {
          assert.equal(recorder.isEnded, false);
          assert.notEqual(recorder.error, null);
        }
      });
    });

    it("does not end behind whole records", async () => {
      await withRelay(async ({ near, far, relay }) => {
        near.call((socket) => socket.writeText("x".repeat(40_000)));
        far.call((socket) => socket.writeText("y".repeat(40_000)));
        await far.received(40_000);
        await near.received(40_000);
        relay.cut();
        await near.closed();
        await far.closed();
        assert.equal(near.isEnded || far.isEnded, false);
        assert.notEqual(near.error, null);
        assert.notEqual(far.error, null);
      });
    });

    // The last two are as long as a close_notify of TLS 1.3 and 1.2.
    for (const bytes of [1, 5, 24, 31]) {
      it(`does not end ${bytes} bytes into a record`, async () => {
        await withRelay(async ({ near, far, relay }) => {
          relay.down.tamper = (chunk) => chunk.subarray(0, bytes);
          far.call((socket) => socket.writeText("z".repeat(1_000)));
          while (relay.down.passed === 0 || !(await hasPassed(relay, bytes))) await new Promise((resolve) => setImmediate(resolve));
          relay.cut();
          await near.closed();
          assert.equal(near.isEnded, false);
          assert.notEqual(near.error, null);
          assert.equal(near.receivedBytes, 0);
        });
      });
    }

    it("does not end while it is paused either", async () => {
      await withRelay(async ({ near, far, relay }) => {
        far.call((socket) => socket.pause());
        near.call((socket) => socket.writeText("unread"));
        await new Promise((resolve) => setTimeout(resolve, 10));
        relay.cut();
        await new Promise((resolve) => setTimeout(resolve, 20));
        far.call((socket) => socket.resume());
        await far.closed();
        assert.equal(far.isEnded, false);
        assert.notEqual(far.error, null);
      });
    });

    it("closes with a reason in the middle of a handshake, on both sides", async () => {
      for (const allowed of [0, 1, 100, 600]) {
        await withRelay(
          async ({ near, far }) => {
            await near.closed();
            await far.closed();
            assert.ok(near.error === "ETLS" || near.error === "ECONNRESET", `${near.error} after ${allowed}`);
            assert.ok(far.error === "ETLS" || far.error === "ECONNRESET", `${far.error} after ${allowed}`);
            assert.equal(near.story(), "close");
            assert.equal(far.story(), "close");
          },
          (relay) => {
            relay.down.tamper = (chunk) => {
              const bytes = chunk.subarray(0, allowed);
              setImmediate(() => relay.cut());
              return bytes;
            };
          },
        );
      }
    });
  });

  describe("a connection that somebody changes", () => {
    it("does not come about when the handshake is changed", async () => {
      for (const way of ["up", "down"] as const) {
        await withRelay(
          async ({ near, far }) => {
            await near.until(() => near.isClosed || near.isEnded);
            await far.until(() => far.isClosed || far.isEnded);
            assert.ok([near.error, far.error].includes("ETLS"), `${near.error} ${far.error}`);
            assert.equal(near.receivedBytes + far.receivedBytes, 0);
          },
          (relay) => {
            relay[way].tamper = (chunk) => flip(chunk, Math.min(chunk.length - 1, 30));
          },
        );
      }
    });

    it("breaks at the first record that is not as it was sent, and delivers none of it", async () => {
      await withRelay(async ({ near, far, relay }) => {
        relay.up.tamper = (chunk) => flip(chunk, chunk.length - 1);
        near.call((socket) => socket.writeText("transfer 100"));
        await far.closed();
        assert.equal(far.error, "ETLS");
        assert.equal(far.receivedBytes, 0);
        assert.notEqual(far.socket.errorDetail, "");
      });
    });

    it("breaks when a record is played twice", async () => {
      await withRelay(async ({ near, far, relay }) => {
        relay.up.tamper = (chunk) => Buffer.concat([chunk, chunk]);
        near.call((socket) => socket.writeText("transfer 100"));
        await far.closed();
        assert.equal(far.error, "ETLS");
        assert.equal(far.text(), "transfer 100");
      });
    });
  });

  describe("upstreams that do not shake hands", () => {
    async function against(server: Server, run: (address: SocketAddress) => Promise<void>): Promise<void> {
      const sockets: { destroy(): void }[] = [];
      server.on("connection", (socket) => sockets.push(socket));
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const bound = server.address();
      if (bound === null || typeof bound === "string") throw new Error("a bound port");
      try {
        await run({ host: "127.0.0.1", port: bound.port });
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    }

    it("are refused when they speak plain HTTP", async () => {
      const server = createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"));
      await against(server, async (address) => {
        const near = rig.connect(address, clientTlsFor("a.example"));
        await near.closed();
        assert.equal(near.error, "ETLS");
        assert.equal(near.story(), "close");
        assert.notEqual(near.socket.errorDetail, "");
      });
    });

    it("are refused when they close at once", async () => {
      await against(
        createServer((socket) => socket.end()),
        async (address) => {
          const near = rig.connect(address, clientTlsFor("a.example"));
          await near.closed();
          assert.ok(near.error === "ETLS" || near.error === "ECONNRESET", String(near.error));
        },
      );
    });

    it("are the caller's to give up when they say nothing", async () => {
      await against(createServer(), async (address) => {
        for (const end of ["close", "reset"] as const) {
          const near = rig.connect(address, clientTlsFor("a.example"));
          near.call((socket) => socket.writeText("early"));
          await new Promise((resolve) => setTimeout(resolve, 20));
          assert.equal(near.story(), "");
          near.call((socket) => socket[end]());
          await near.closed();
          assert.equal(near.error, null);
          assert.equal(near.story(), "close");
        }
      });
    });

    it("are refused when they know TLS 1.2 and we want 1.3", async () => {
      const { cert, key } = certificates().servers.a;
      const server = createTlsServer({ cert, key, maxVersion: "TLSv1.2" });
      server.on("tlsClientError", () => {});
      await against(server, async (address) => {
        const near = rig.connect(address, clientTlsFor("a.example", { minVersion: "TLSv1.3" }));
        await near.closed();
        assert.equal(near.error, "ETLS");
        const lax = rig.connect(address, clientTlsFor("a.example"));
        await settled(lax);
        assert.equal(lax.socket.tls?.version, "TLSv1.2");
      });
    });

    it("stay refused for their name over TLS 1.2 too, when asked again", async () => {
      const { cert, key } = certificates().servers.a;
      await against(
        createTlsServer({ cert, key, maxVersion: "TLSv1.2" }).on("tlsClientError", () => {}),
        async (address) => {
          const tls = clientTlsFor("b.example");
          for (let round = 0; round < 3; round += 1) {
            const near = rig.connect(address, tls);
            await near.closed();
            assert.equal(near.error, "ETLSCERT");
          }
        },
      );
    });
  });

  describe("hellos of crowds", () => {
    it("leave nothing open that was given up in the middle", async () => {
      const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)));
      const before = rig.subject.countOpen();
      const hello = makeHello({ serverNames: ["a.example"] });
      for (let round = 0; round < 100; round += 1) {
        const client = new RawClient(server.address);
        await client.send(hello.subarray(0, 1 + ((round * 7) % hello.length)));
        if (round % 2 === 0) client.socket.resetAndDestroy();
        else client.socket.destroy();
        await (await server.next()).closed();
      }
      let open = rig.subject.countOpen();
      for (let turn = 0; turn < 100 && open !== before; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        open = rig.subject.countOpen();
      }
      assert.equal(open, before);
    });
  });
}

/** Whether so many bytes have gone down since the tampering began, and a turn has passed for them to arrive. */
async function hasPassed(relay: Relay, bytes: number): Promise<boolean> {
  const { passed } = relay.down;
  await new Promise((resolve) => setTimeout(resolve, 10));
  return relay.down.passed === passed && passed >= bytes;
}

function flip(chunk: Buffer, at: number): Buffer {
  const changed = Buffer.from(chunk);
  changed[at] = (changed[at] as number) ^ 1;
  return changed;
}
