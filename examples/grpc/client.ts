// A gRPC client, as any service has one: nothing in it knows of the gateway but the address.
// `node examples/grpc/client.ts [ADDRESS]` while `npm start grpc` runs.
import * as grpc from "@grpc/grpc-js";
import { type Level, STOCK, type Wanted } from "./stock-service.ts";

const TOLD = 3;
const client = new grpc.Client(process.argv[2] ?? "127.0.0.1:8080", grpc.credentials.createInsecure());

await get(1);
await get(99);
await watch(4);
client.close();

/** Within a second: the gateway tells the service how much of that is left. */
function get(productId: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = STOCK.Get;
  const deadline = Date.now() + 1000;
  return new Promise((resolve) => {
    client.makeUnaryRequest<Wanted, Level>(path, requestSerialize, responseDeserialize, { productId }, { deadline }, (error, level) => {
      if (error === null) console.log(`product ${productId}: ${level?.left} left`);
      else console.log(`product ${productId}: ${grpc.status[error.code]}, ${error.details}`);
      resolve();
    });
  });
}

/** A stream that the client ends. */
function watch(productId: number): Promise<void> {
  const { path, requestSerialize, responseDeserialize } = STOCK.Watch;
  const stream = client.makeServerStreamRequest<Wanted, Level>(path, requestSerialize, responseDeserialize, { productId });
  let told = 0;
  return new Promise((resolve) => {
    stream.on("data", ({ left }: Level) => {
      console.log(`product ${productId}: ${left} left`);
      if (++told === TOLD) stream.cancel();
    });
    stream.on("error", ({ code, details }: grpc.ServiceError) => {
      if (code !== grpc.status.CANCELLED) console.log(`product ${productId}: ${grpc.status[code]}, ${details}`);
      resolve();
    });
  });
}
