// Contract: first bytes of every kind, from clients that are none. Each costs its own connection, is told as ETLS, and is heard by no
// handler. Over real sockets.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ServerTls } from "../tls.ts";
import { certificates } from "./certificates.ts";
import { type Answer, type HelloOptions, makeHello, RawClient, record } from "./raw-hello.ts";
import type { TlsRig } from "./tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "./tls-subject.ts";

const A = { serverNames: ["a.example"] };

/** Knows a.example and whoever gives no name. */
function pickyTls(asked: string[], more: Partial<ServerTls> = {}): ServerTls {
  const identity = toIdentity(certificates().servers.a);
  return serverTlsFor(identity, {
    ...more,
    select(name) {
      asked.push(name);
      return name === "a.example" || name === "" ? identity : null;
    },
  });
}

interface HelloCase {
  readonly title: string;
  readonly hello: HelloOptions;
  readonly answers: readonly Answer[];
  /** What select() is asked; null: either nothing or whatever was sent. */
  readonly asked: readonly string[] | null;
  readonly tls?: Partial<ServerTls>;
}

const H2 = { protocols: ["h2", "http/1.1"] };

const HELLOS: readonly HelloCase[] = [
  { title: "a name that is known", hello: A, answers: ["hello"], asked: ["a.example"] },
  { title: "a name in upper case", hello: { serverNames: ["A.EXAMPLE"] }, answers: ["hello"], asked: ["a.example"] },
  { title: "no name", hello: {}, answers: ["hello"], asked: [""] },
  { title: "a name that nobody answers for", hello: { serverNames: ["x.example"] }, answers: ["alert 112"], asked: ["x.example"] },
  { title: "a name with a dot at its end", hello: { serverNames: ["a.example."] }, answers: ["alert 112"], asked: ["a.example."] },
  {
    title: "a name with NUL in it",
    hello: { serverNames: ["a.example\0.evil.example"] },
    answers: ["alert 112", "alert 50", "closed"],
    asked: [],
  },
  {
    title: "a name that begins with NUL",
    hello: { serverNames: ["\0a.example"] },
    answers: ["alert 112", "alert 50", "closed"],
    asked: [],
  },
  { title: "an empty name", hello: { serverNames: [""] }, answers: ["alert 112", "alert 50", "closed"], asked: [] },
  { title: "a name of 300 bytes", hello: { serverNames: ["a".repeat(300)] }, answers: ["alert 112", "alert 50", "closed"], asked: [] },
  { title: "two names in one list", hello: { serverNames: ["a.example", "b.example"] }, answers: ["alert 50", "closed"], asked: [] },
  { title: "two lists of names", hello: { ...A, twice: true }, answers: ["alert 50", "alert 47", "closed"], asked: [] },
  { title: "a protocol that is spoken", hello: { ...A, protocols: ["http/1.1"] }, answers: ["hello"], asked: null, tls: H2 },
  {
    title: "protocols of which the last is spoken",
    hello: { ...A, protocols: [...manyProtocols(200), "h2"] },
    answers: ["hello"],
    asked: null,
    tls: H2,
  },
  {
    title: "protocols of which none is spoken",
    hello: { ...A, protocols: ["h3", "spdy/3"] },
    answers: ["alert 120"],
    asked: null,
    tls: H2,
  },
  { title: "no protocols", hello: A, answers: ["hello"], asked: null, tls: H2 },
  { title: "acme-tls/1 when no authority asks", hello: { ...A, protocols: ["acme-tls/1"] }, answers: ["alert 120"], asked: null, tls: H2 },
  { title: "TLS 1.0", hello: { ...A, version: 0x0301 }, answers: ["alert 70", "closed"], asked: null },
  { title: "TLS 1.1", hello: { ...A, version: 0x0302 }, answers: ["alert 70", "closed"], asked: null },
  { title: "SSL 3.0", hello: { ...A, version: 0x0300 }, answers: ["alert 70", "alert 40", "closed"], asked: null },
  { title: "TLS 1.2 where 1.3 is the least", hello: A, answers: ["alert 70", "closed"], asked: null, tls: { minVersion: "TLSv1.3" } },
];

export function bytesContract(rig: TlsRig): void {
  describe("hellos", () => {
    for (const { title, hello, answers, asked, tls } of HELLOS) {
      it(`${answers.includes("hello") ? "answer" : "refuse"} ${title}`, async () => {
        const names: string[] = [];
        const server = await rig.listen(pickyTls(names, tls));
        const client = await new RawClient(server.address).send(makeHello(hello));
        const far = await server.next();
        const answer = await client.answer();
        assert.ok(answers.includes(answer), answer);
        if (asked !== null) assert.deepEqual(names, asked);
        await far.closed();
        assert.equal(far.story(), "close");
        if (!answers.includes("hello")) {
          assert.equal(far.error, "ETLS");
          assert.notEqual(far.socket.errorDetail, "");
        } else assert.notEqual(far.error, null, "a handshake that was not finished is no orderly end");
      });
    }

    it("are answered byte by byte, and one byte a record", async () => {
      const server = await rig.listen(pickyTls([]));
      const hello = makeHello(A);
      const dribble = [...hello].map((byte) => Uint8Array.of(byte));
      assert.equal(await (await new RawClient(server.address).send(...dribble)).answer(), "hello");
      const records = Buffer.concat([...hello.subarray(5)].map((byte) => record(22, Uint8Array.of(byte))));
      const answer = await (await new RawClient(server.address).send(records)).answer();
      // BoringSSL takes no message in that many records; what matters is that it is over.
      assert.ok(answer === "hello" || answer.startsWith("alert"), answer);
    });

    it("cut after each byte are told as ETLS, and the next is answered", async () => {
      const server = await rig.listen(pickyTls([]));
      const hello = makeHello({ ...A, ...H2 });
      for (let length = 0; length < hello.length; length += 1) {
        const client = new RawClient(server.address);
        if (length > 0) await client.send(hello.subarray(0, length));
        client.socket.end();
        const far = await server.next();
        await far.closed();
        assert.ok(far.error === "ETLS" || far.error === "ECONNRESET", `${far.error} at ${length}`);
        assert.equal(far.story(), "close");
        await client.closed();
      }
      assert.equal(await (await new RawClient(server.address).send(hello)).answer(), "hello");
    });

    it("with any one byte wrong never reach a handler", async () => {
      const server = await rig.listen(pickyTls([]));
      const hello = makeHello(A);
      for (let at = 0; at < hello.length; at += 1) {
        const bytes = Buffer.from(hello);
        bytes[at] = (bytes[at] as number) ^ 0xff;
        const client = await new RawClient(server.address).send(bytes);
        client.socket.end();
        const far = await server.next();
        await far.closed();
        assert.notEqual(far.error, null, `at ${at}`);
        assert.equal(far.story(), "close");
        await client.closed();
      }
    });
  });

  describe("bytes that are no hello", () => {
    const NOISE: readonly (readonly [string, Uint8Array])[] = [
      ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")],
      ["an HTTP/2 preface", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
      ["a PROXY header", Buffer.from("PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n")],
      [
        "an SSL 2 hello",
        Buffer.from("802e0100020015000000100100800200800300800400800500800600400700c00801020304050607080910111213141516", "hex"),
      ],
      ["a heartbeat", record(24, Buffer.from("014000", "hex"))],
      ["application data", record(23, Buffer.from("hello"))],
      ["an alert", record(21, Buffer.of(1, 0))],
      ["a ServerHello", record(22, Buffer.from("0200000403030000", "hex"))],
      ["an empty record", record(22, Buffer.alloc(0))],
      ["a message of 16 MB", record(22, Buffer.from("01ffffff0303", "hex"))],
      ["a record of 65,535 bytes", Buffer.concat([Buffer.from("160301ffff", "hex"), Buffer.alloc(65_535, 1)])],
      ["zeros", Buffer.alloc(20_000)],
      ["ones", Buffer.alloc(20_000, 255)],
    ];
    for (const [title, bytes] of NOISE) {
      it(`refuse ${title}`, async () => {
        const server = await rig.listen(pickyTls([]));
        const client = await new RawClient(server.address).send(bytes);
        const far = await server.next();
        // Some are only wrong for want of more.
        const timer = setTimeout(() => client.socket.end(), 50);
        await far.closed();
        clearTimeout(timer);
        assert.ok(far.error === "ETLS" || far.error === "ECONNRESET", String(far.error));
        assert.equal(far.story(), "close");
        assert.notEqual(await client.answer(), "hello");
      });
    }

    it("do not harm the handshake beside them", async () => {
      const server = await rig.listen(pickyTls([]));
      const noise = await new RawClient(server.address).send(Buffer.from("GET"));
      await server.next();
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      await near.opened();
      await noise.closed();
    });
  });

  describe("handshakes that stall", () => {
    for (const [title, bytes] of [
      ["before the first byte", Buffer.alloc(0)],
      ["within the hello", makeHello(A).subarray(0, 40)],
      ["after it", makeHello(A)],
    ] as const) {
      for (const end of ["close", "reset"] as const) {
        it(`${title} are the handler's to ${end}`, async () => {
          const server = await rig.listen(pickyTls([]));
          const client = new RawClient(server.address);
          if (bytes.length > 0) await client.send(bytes);
          const far = await server.next();
          await new Promise((resolve) => setTimeout(resolve, 5));
          assert.equal(far.story(), "");
          far.call((socket) => socket[end]());
          await far.closed();
          assert.equal(far.error, null);
          assert.equal(far.story(), "close");
          await client.closed();
        });
      }
    }

    it("go on while the handler has paused the socket, and hold its data back", async () => {
      const server = await rig.listen(pickyTls([]), (recorder, event) => {
        if (event === "accept") recorder.call((socket) => socket.pause());
      });
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      near.call((socket) => socket.writeText("early"));
      await near.opened();
      const far = await server.next();
      await far.until(() => far.events.includes("secure"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal(far.receivedBytes, 0);
      far.call((socket) => socket.resume());
      await far.received(5);
    });
  });
}

function manyProtocols(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `protocol-${at}`);
}
