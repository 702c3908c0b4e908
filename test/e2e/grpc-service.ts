// A gRPC server behind the gateway in end-to-end tests, a process of its own on Node, by grpc-js: messages are bytes, so it needs no
// .proto. `grpc-service.ts [CERT KEY]` speaks TLS with a certificate. Prints its port, ends at SIGTERM.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import * as grpc from "@grpc/grpc-js";
import { patternBlock } from "./pattern.ts";

interface Sighting {
  isCancelled: boolean;
  /** How far away the deadline was when the call came; null without one. */
  deadlineMs: number | null;
}

const sightings = new Map<string, Sighting>();

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    path: `/test.Suite/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

function see(call: grpc.ServerUnaryCall<Buffer, Buffer> | grpc.ServerWritableStream<Buffer, Buffer>): void {
  const deadline = call.getDeadline();
  const until = deadline instanceof Date ? deadline.getTime() : deadline;
  const sighting = { isCancelled: false, deadlineMs: Number.isFinite(until) ? until - Date.now() : null };
  sightings.set(String(call.metadata.get("id")[0] ?? ""), sighting);
  (call as grpc.ServerUnaryCall<Buffer, Buffer>).on("cancelled", () => {
    sighting.isCancelled = true;
  });
}

const service = {
  Echo: method("Echo", false, false),
  Describe: method("Describe", false, false),
  Fail: method("Fail", false, false),
  Hang: method("Hang", false, false),
  Seen: method("Seen", false, false),
  Download: method("Download", false, true),
  Upload: method("Upload", true, false),
  Chat: method("Chat", true, true),
};

const implementation: grpc.UntypedServiceImplementation = {
  Echo(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    const head = new grpc.Metadata();
    for (const value of call.metadata.get("x-mine")) head.add("x-yours", value);
    for (const value of call.metadata.get("x-mine-bin")) head.add("x-yours-bin", value);
    call.sendMetadata(head);
    const trailers = new grpc.Metadata();
    trailers.set("x-bytes", `${call.request.length}`);
    trailers.set("x-digest-bin", createHash("sha256").update(call.request).digest());
    done(null, call.request, trailers);
  },
  Describe(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    done(null, Buffer.from(JSON.stringify({ metadata: call.metadata.getMap(), host: call.getHost() })));
  },
  Fail(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    const metadata = new grpc.Metadata();
    metadata.set("grpc-status-details-bin", Buffer.from([8, 5, 0, 255]));
    metadata.set("x-why", "as asked");
    done({ code: Number(call.metadata.get("fail")[0]), details: String(call.request), metadata });
  },
  Hang(call: grpc.ServerUnaryCall<Buffer, Buffer>) {
    see(call);
  },
  Seen(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    done(null, Buffer.from(JSON.stringify(sightings.get(String(call.request)) ?? null)));
  },
  /** `COUNT SIZE`: so many messages of so many bytes; count -1 goes on until somebody leaves. */
  Download(call: grpc.ServerWritableStream<Buffer, Buffer>) {
    see(call);
    const [count = 0, size = 0] = String(call.request).split(" ").map(Number);
    const message = patternMessage(size);
    let sent = 0;
    const more = (): void => {
      while (sent !== count && !call.cancelled) {
        sent++;
        if (!call.write(message)) {
          call.once("drain", more);
          return;
        }
      }
      if (!call.cancelled) call.end();
    };
    more();
  },
  Upload(call: grpc.ServerReadableStream<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
    const hash = createHash("sha256");
    let messages = 0;
    let bytes = 0;
    call.on("data", (message: Buffer) => {
      hash.update(message);
      messages++;
      bytes += message.length;
    });
    call.on("end", () => done(null, Buffer.from(JSON.stringify({ messages, bytes, sha256: hash.digest("hex") }))));
  },
  Chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
    call.on("data", (message: Buffer) => call.write(message));
    call.on("end", () => call.end());
  },
};

function patternMessage(size: number): Buffer {
  const message = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const block = patternBlock(at);
    message.set(block.subarray(0, Math.min(block.length, size - at)), at);
    at += block.length;
  }
  return message;
}

const [certFile, keyFile] = process.argv.slice(2);
const credentials =
  certFile === undefined || keyFile === undefined
    ? grpc.ServerCredentials.createInsecure()
    : grpc.ServerCredentials.createSsl(null, [{ cert_chain: readFileSync(certFile), private_key: readFileSync(keyFile) }]);

const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(service, implementation);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});
process.on("SIGTERM", () => process.exit(0));
// The test is gone, however it ended.
process.stdin.resume().on("close", () => process.exit(0));
