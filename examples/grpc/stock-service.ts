// What client and service of the example agree on. Usually a .proto says it; the gateway looks into no message, so JSON does as well.
import type { MethodDefinition } from "@grpc/grpc-js";

export interface Wanted {
  readonly productId: number;
}

export interface Level {
  readonly productId: number;
  readonly left: number;
}

export const STOCK = { Get: method("Get", false), Watch: method("Watch", true) };

function method(name: string, responseStream: boolean): MethodDefinition<Wanted, Level> {
  return {
    path: `/shop.v1.Stock/${name}`,
    requestStream: false,
    responseStream,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes<Wanted>,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes<Level>,
  };
}

function toBytes(message: unknown): Buffer {
  return Buffer.from(JSON.stringify(message));
}

function fromBytes<Message>(bytes: Buffer): Message {
  return JSON.parse(bytes.toString("utf8")) as Message;
}
