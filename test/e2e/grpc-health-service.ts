// A gRPC server of grpc-js with grpc.health.v1.Health for the service `test.Health`, whose status callers set: `/test.Health/Set` with one
// byte. A process of its own on Node. Prints its port, ends at SIGTERM.

import * as grpc from "@grpc/grpc-js";

const NAME = "test.Health";
const asIs = (bytes: Buffer): Buffer => bytes;
const unary = (path: string): grpc.MethodDefinition<Buffer, Buffer> => ({
  ...{ path, requestStream: false, responseStream: false },
  ...{ requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs, responseDeserialize: asIs },
});

let status = 1;
let checks = 0;

const server = new grpc.Server();
server.addService(
  { Check: unary("/grpc.health.v1.Health/Check") },
  {
    Check({ request }: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      checks++;
      if (request.equals(Buffer.concat([Buffer.from([0x0a, NAME.length]), Buffer.from(NAME)]))) done(null, Buffer.from([0x08, status]));
      else done({ code: grpc.status.NOT_FOUND, details: "no such service" });
    },
  },
);
server.addService(
  { Set: unary(`/${NAME}/Set`) },
  {
    Set({ request }: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
      status = request[0] ?? 1;
      done(null, Buffer.from(String(checks)));
    },
  },
);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  console.log(port);
});
process.on("SIGTERM", () => process.exit(0));
// The test is gone, however it ended.
process.stdin.resume().on("close", () => process.exit(0));
