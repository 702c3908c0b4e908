import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readWebCall, toWebType } from "./media-type.ts";

const BINARY = { isTextRequest: false, isTextResponse: false };
const TEXT = { isTextRequest: true, isTextResponse: true };

describe("the media types of gRPC-Web", () => {
  it("are gRPC's with the same format of messages", () => {
    assert.deepEqual(readWebCall("application/grpc-web", null), { ...BINARY, grpcType: "application/grpc" });
    assert.deepEqual(readWebCall("application/grpc-web+proto", null), { ...BINARY, grpcType: "application/grpc+proto" });
    assert.deepEqual(readWebCall("application/grpc-web+json", null), { ...BINARY, grpcType: "application/grpc+json" });
    assert.deepEqual(readWebCall("application/grpc-web-text", null), { ...TEXT, grpcType: "application/grpc" });
    assert.deepEqual(readWebCall("application/grpc-web-text+proto", null), { ...TEXT, grpcType: "application/grpc+proto" });
  });

  it("may ask for the answer in the other form", () => {
    assert.equal(readWebCall("application/grpc-web", "application/grpc-web-text")?.isTextResponse, true);
    assert.equal(readWebCall("application/grpc-web-text", "application/grpc-web+proto")?.isTextResponse, false);
    assert.equal(readWebCall("application/grpc-web-text", "*/*")?.isTextResponse, true);
    assert.equal(readWebCall("application/grpc-web", "*/*")?.isTextResponse, false);
  });

  it("are no others", () => {
    for (const type of [null, "", "application/grpc", "application/grpc+proto"]) {
      assert.equal(readWebCall(type, "application/grpc-web-text"), null, String(type));
    }
  });

  it("name an answer's messages as the service does, and as protobuf where it does not", () => {
    assert.equal(toWebType("application/grpc", false), "application/grpc-web+proto");
    assert.equal(toWebType("application/grpc+json", false), "application/grpc-web+json");
    assert.equal(toWebType("application/grpc+proto; x=y", true), "application/grpc-web-text+proto");
    assert.equal(toWebType("application/grpc-web-text+proto", false), "application/grpc-web+proto");
    assert.equal(toWebType("application/grpc-web", true), "application/grpc-web-text+proto");
    for (const type of [null, "", "text/html", "application/grpcx"]) assert.equal(toWebType(type, true), null, String(type));
  });
});
