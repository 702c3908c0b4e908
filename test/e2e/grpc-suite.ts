// What a gRPC client must find behind a gateway, as if none were there: the real client of grpc-js against grpc-service.ts.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { it } from "node:test";
import * as grpc from "@grpc/grpc-js";
import { patternBlock } from "./pattern.ts";
import { tell, waitFor } from "./processes.ts";

const MIB = 1024 * 1024;
const CALL_MS = 60_000;

const asIs = (bytes: Buffer): Buffer => bytes;

export interface Answer {
  readonly message: Buffer;
  readonly head: grpc.Metadata;
  readonly trailers: grpc.Metadata;
}

/** grpc-js's client without a .proto: messages are bytes. */
export class GrpcClient {
  readonly channel: grpc.Client;

  constructor(address: string, credentials: grpc.ChannelCredentials, options: grpc.ChannelOptions = {}) {
    const unbounded = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
    this.channel = new grpc.Client(address, credentials, { ...unbounded, ...options });
  }

  close(): void {
    this.channel.close();
  }

  unary(path: string, message: Buffer | string, metadata = new grpc.Metadata(), deadlineMs: number | null = CALL_MS): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let head = new grpc.Metadata();
      let trailers = new grpc.Metadata();
      let reply = Buffer.alloc(0);
      const call = this.channel.makeUnaryRequest(
        path,
        asIs,
        asIs,
        Buffer.from(message),
        metadata,
        deadlineIn(deadlineMs),
        (error, value) => {
          if (error !== null) reject(error);
          else reply = Buffer.from(value ?? "");
        },
      );
      call.on("metadata", (value: grpc.Metadata) => {
        head = value;
      });
      call.on("status", (status: grpc.StatusObject) => {
        trailers = status.metadata;
        // The callback comes in the same turn, before or behind it.
        setImmediate(() => resolve({ message: reply, head, trailers }));
      });
    });
  }

  download(path: string, message: string, metadata = new grpc.Metadata()): grpc.ClientReadableStream<Buffer> {
    return this.channel.makeServerStreamRequest(path, asIs, asIs, Buffer.from(message), metadata, deadlineIn(CALL_MS));
  }

  upload(path: string, done: grpc.requestCallback<Buffer>): grpc.ClientWritableStream<Buffer> {
    return this.channel.makeClientStreamRequest(path, asIs, asIs, new grpc.Metadata(), deadlineIn(CALL_MS), done);
  }

  chat(path: string): grpc.ClientDuplexStream<Buffer, Buffer> {
    return this.channel.makeBidiStreamRequest(path, asIs, asIs, new grpc.Metadata(), deadlineIn(CALL_MS));
  }
}

function deadlineIn(ms: number | null): grpc.CallOptions {
  return ms === null ? {} : { deadline: Date.now() + ms };
}

export function metadataOf(fields: Readonly<Record<string, string | Buffer>>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [name, value] of Object.entries(fields)) metadata.set(name, value);
  return metadata;
}

/** The error of a call that must fail. */
export async function failureOf(call: Promise<unknown>): Promise<grpc.ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as grpc.ServiceError;
  }
  throw new Error("the call did not fail");
}

/** The status of a stream, OK or not, when it is over. */
export function statusOf(call: grpc.ClientReadableStream<Buffer> | grpc.ClientDuplexStream<Buffer, Buffer>): Promise<grpc.StatusObject> {
  return new Promise((resolve) => {
    call.on("error", () => {});
    call.on("status", resolve);
  });
}

/** What the service saw of a call that named itself by `id`. */
export async function seen(client: GrpcClient, id: string): Promise<{ isCancelled: boolean; deadlineMs: number | null } | null> {
  return JSON.parse(String((await client.unary("/test.Suite/Seen", id)).message));
}

/** Declares the tests; `client` is asked when they run, `label` keeps the ids of several runs apart. */
export function declareGrpcSuite(label: string, client: () => GrpcClient): void {
  it("a unary call, with metadata both ways, binary too, and trailers", async () => {
    const metadata = metadataOf({ "x-mine": "a, b", "x-mine-bin": Buffer.from([0, 13, 10, 255]) });
    const { message, head, trailers } = await client().unary("/test.Suite/Echo", "hello", metadata);
    assert.equal(String(message), "hello");
    assert.deepEqual(head.get("x-yours"), ["a, b"]);
    assert.deepEqual(Buffer.from(head.get("x-yours-bin")[0] ?? ""), Buffer.from([0, 13, 10, 255]));
    assert.deepEqual(trailers.get("x-bytes"), ["5"]);
    assert.deepEqual(Buffer.from(trailers.get("x-digest-bin")[0] ?? ""), createHash("sha256").update("hello").digest());
  });

  it("an empty message", async () => {
    assert.equal((await client().unary("/test.Suite/Echo", "")).message.length, 0);
  });

  it("each status with its message and details", async () => {
    for (let code = 1; code <= 16; code++) {
      const said = `no – 100 % "wrong" ${code}\n`;
      const error = await failureOf(client().unary("/test.Suite/Fail", said, metadataOf({ fail: `${code}` })));
      assert.equal(error.code, code);
      assert.equal(error.details, said);
      assert.deepEqual(Buffer.from(error.metadata.get("grpc-status-details-bin")[0] ?? ""), Buffer.from([8, 5, 0, 255]));
      assert.deepEqual(error.metadata.get("x-why"), ["as asked"]);
    }
  });

  it("a deadline: the client is told, and the service saw it and that the call was given up", async () => {
    const id = `${label}-deadline`;
    const error = await failureOf(client().unary("/test.Suite/Hang", "", metadataOf({ id }), 500));
    assert.equal(error.code, grpc.status.DEADLINE_EXCEEDED);
    await waitFor(async () => (await seen(client(), id))?.isCancelled === true, 5000, "the service hears of it");
    const deadlineMs = (await seen(client(), id))?.deadlineMs ?? null;
    assert.ok(deadlineMs !== null && deadlineMs <= 500, `the service was told ${deadlineMs}`);
  });

  it("a call that the client cancels is cancelled at the service", async () => {
    const id = `${label}-cancel`;
    const call = client().download("/test.Suite/Download", "-1 1000", metadataOf({ id }));
    const status = statusOf(call);
    await new Promise((resolve) => call.once("data", resolve));
    call.cancel();
    assert.equal((await status).code, grpc.status.CANCELLED);
    await waitFor(async () => (await seen(client(), id))?.isCancelled === true, 5000, "the service hears of it");
  });

  for (const [count, size] of [
    [1000, 100],
    [100, MIB],
  ] as const) {
    it(`a stream of ${count} messages of ${size} bytes to the client`, async () => {
      const startedMs = performance.now();
      const call = client().download("/test.Suite/Download", `${count} ${size}`, metadataOf({ id: `${label}-download` }));
      const status = statusOf(call);
      const first = patternBlock(0).subarray(0, Math.min(100, size));
      let messages = 0;
      call.on("data", (message: Buffer) => {
        if (message.length === size && message.subarray(0, first.length).equals(first)) messages++;
      });
      assert.equal((await status).code, grpc.status.OK);
      assert.equal(messages, count);
      if (size === MIB) tell(`${label}: ${count} MiB in messages of one, ${(performance.now() - startedMs).toFixed(0)} ms`);
    });
  }

  it("a stream of 25 MB to the service", async () => {
    const block = Buffer.alloc(64 * 1024, "0123456789abcdef");
    const hash = createHash("sha256");
    const reply = await new Promise<Buffer>((resolve, reject) => {
      const call = client().upload("/test.Suite/Upload", (error, value) => {
        if (error !== null) reject(error);
        else resolve(value ?? Buffer.alloc(0));
      });
      let sent = 0;
      const more = (): void => {
        while (sent < 400) {
          sent++;
          hash.update(block);
          if (!call.write(block)) {
            call.once("drain", more);
            return;
          }
        }
        call.end();
      };
      more();
    });
    assert.deepEqual(JSON.parse(String(reply)), { messages: 400, bytes: 400 * block.length, sha256: hash.digest("hex") });
  });

  it("2,000 messages to and fro, each an answer to the one before", async () => {
    const call = client().chat("/test.Suite/Chat");
    const status = statusOf(call);
    let turns = 0;
    call.on("data", (message: Buffer) => {
      assert.equal(String(message), `ping ${turns}`);
      turns++;
      if (turns === 2000) call.end();
      else call.write(Buffer.from(`ping ${turns}`));
    });
    call.write(Buffer.from("ping 0"));
    assert.equal((await status).code, grpc.status.OK);
    assert.equal(turns, 2000);
  });

  it("one message of 16 MiB each way", async () => {
    const message = Buffer.alloc(16 * MIB, "fedcba9876543210");
    const { message: reply, trailers } = await client().unary("/test.Suite/Echo", message);
    assert.ok(reply.equals(message));
    assert.deepEqual(Buffer.from(trailers.get("x-digest-bin")[0] ?? ""), createHash("sha256").update(message).digest());
  });

  it("100 calls at once", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, index) => client().unary("/test.Suite/Echo", `call ${index}`)));
    answers.forEach(({ message }, index) => {
      assert.equal(String(message), `call ${index}`);
    });
  });
}
