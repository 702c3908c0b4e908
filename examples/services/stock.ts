// How much of each product there is: a gRPC service, with grpc.health.v1.Health for whoever asks whether it is well.
// Run by ../run.ts; alone: `node examples/services/stock.ts 3003`.
import * as grpc from "@grpc/grpc-js";
import { type Level, STOCK, type Wanted } from "../grpc/stock-service.ts";

// SERVING in protobuf: field 1, a number.
const SERVING = Buffer.from([0x08, 1]);
const EVERY_MS = 500;

const levels = new Map([
  [1, 12],
  [2, 3],
  [4, 40],
]);
const asIs = (bytes: Buffer): Buffer => bytes;
const health: grpc.MethodDefinition<Buffer, Buffer> = {
  path: "/grpc.health.v1.Health/Check",
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

const server = new grpc.Server();
server.addService({ Check: health }, { Check: (_call: unknown, done: grpc.sendUnaryData<Buffer>) => done(null, SERVING) });
server.addService(STOCK, {
  Get({ request }: grpc.ServerUnaryCall<Wanted, Level>, done: grpc.sendUnaryData<Level>) {
    const left = levels.get(request.productId);
    if (left === undefined) done({ code: grpc.status.NOT_FOUND, details: "There is no such product" });
    else done(null, { productId: request.productId, left });
  },
  /** Somebody buys one now and then. */
  Watch(call: grpc.ServerWritableStream<Wanted, Level>) {
    const { productId } = call.request;
    const tell = () => {
      const left = levels.get(productId) ?? 0;
      call.write({ productId, left });
      if (left > 0) levels.set(productId, left - 1);
    };
    const timer = setInterval(tell, EVERY_MS);
    tell();
    call.on("cancelled", () => clearInterval(timer));
  },
});
server.bindAsync(`127.0.0.1:${process.argv[2] ?? 3003}`, grpc.ServerCredentials.createInsecure(), (error) => {
  if (error !== null) {
    process.stderr.write(`stock: ${error.message}\n`);
    process.exit(1);
  }
  process.send?.("ready");
});

function stop(): void {
  server.forceShutdown();
  process.exit(0);
}
process.on("SIGTERM", stop);
process.on("disconnect", stop);
// Ctrl-C reaches the whole group. Whoever started this process stops it when the gateway has finished what is in flight.
process.on("SIGINT", () => {
  if (!process.connected) stop();
});
