import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FaultDefinition } from "../base/index.ts";
import { Fields, fieldName, RequestHead, ResponseHead } from "../http/index.ts";
import type { ExchangeFacts } from "./exchange-facts.ts";
import { encodeGrpcMessage, grpcStatusOf, isWebType, toGrpcType } from "./index.ts";

const CONTENT_TYPE = fieldName("content-type");
const STATUS = fieldName("grpc-status");

describe("the type of a gRPC call", () => {
  it("is read without parameters and in lower case", () => {
    for (const [value, type] of [
      ["application/grpc", "application/grpc"],
      ["application/grpc+proto", "application/grpc+proto"],
      ["Application/GRPC+JSON", "application/grpc+json"],
      ["application/grpc;charset=utf-8", "application/grpc"],
      ["application/grpc ; x", "application/grpc"],
      ["application/grpc+proto\t;x", "application/grpc+proto"],
      ["application/grpc-web", "application/grpc-web"],
      ["application/grpc-web+proto", "application/grpc-web+proto"],
      ["application/grpc-web-text", "application/grpc-web-text"],
      ["application/grpc-web-text+proto; a=b", "application/grpc-web-text+proto"],
    ] as const) {
      assert.equal(toGrpcType(value), type, value);
    }
  });

  it("is none where a name only begins like one, or holds what no type may", () => {
    for (const value of [
      null,
      "",
      "application/json",
      "application/graphql",
      "application/grp",
      "application/grpcx",
      "application/grpc-webx",
      "application/grpc-web-texts",
      "application/grpc-other",
      "application/grpc+",
      "application/grpc-web+",
      "applicatioN-grpc",
      "application/grpc,application/grpc",
      'application/grpc+"x',
      "application/grpc+\xff",
      " application/grpc",
      "xxxxxxxxxxxxgrpc",
    ]) {
      assert.equal(toGrpcType(value), null, String(value));
    }
  });

  it("tells gRPC-Web apart", () => {
    for (const type of [
      "application/grpc-web",
      "application/grpc-web+proto",
      "application/grpc-web-text",
      "application/grpc-web-text+proto",
    ]) {
      assert.equal(isWebType(type), true, type);
    }
    for (const type of ["application/grpc", "application/grpc+proto", "application/grpc+web"]) assert.equal(isWebType(type), false, type);
  });
});

describe("grpc-message", () => {
  it("is percent-encoded UTF-8 in all that is not printable ASCII, and in the percent sign", () => {
    assert.equal(encodeGrpcMessage(" plain ~ text!"), " plain ~ text!");
    assert.equal(encodeGrpcMessage("100% ü\r\n\0\x7f€"), "100%25 %C3%BC%0D%0A%00%7F%E2%82%AC");
    assert.equal(decodeURIComponent(encodeGrpcMessage("a%41 \u{1f600}\n")), "a%41 \u{1f600}\n");
  });
});

describe("the gRPC status of an exchange", () => {
  interface End {
    readonly type?: string | null;
    readonly head?: string;
    readonly trailers?: string | null;
    readonly fault?: number;
    readonly isSent?: boolean;
  }

  /** A text of null is a section without a status. */
  function statusAfter({ type = "application/grpc", head, trailers, fault, isSent = true }: End): number {
    const fieldsWith = (status: string | null | undefined) => {
      const fields = new Fields("");
      if (status !== null && status !== undefined) fields.add(STATUS, status);
      return fields;
    };
    return grpcStatusOf({
      grpcType: type,
      responseTrailers: trailers === undefined ? null : fieldsWith(trailers),
      response: new ResponseHead(200, fieldsWith(head), 0, 0),
      headSentMs: isSent ? 1 : 0,
      fault: fault === undefined ? null : ({ kind: { grpc: fault } } as FaultDefinition),
    } as ExchangeFacts);
  }

  it("is none for other requests", () => {
    assert.equal(statusAfter({ type: null, head: "5" }), -1);
  });

  it("is the trailers', else the head's, else the fault's", () => {
    assert.equal(statusAfter({ trailers: "0", fault: 4 }), 0);
    assert.equal(statusAfter({ trailers: "16" }), 16);
    assert.equal(statusAfter({ head: "7" }), 7);
    assert.equal(statusAfter({ fault: 14 }), 14);
    assert.equal(statusAfter({ head: "0", fault: 1, isSent: false }), 1);
  });

  it("is UNKNOWN where there is none, or none that could be one", () => {
    assert.equal(statusAfter({}), 2);
    assert.equal(statusAfter({ trailers: null }), 2);
    for (const text of ["", "17", "99", "-1", "1.", "1e", "007", "x"]) assert.equal(statusAfter({ trailers: text }), 2, text);
    assert.equal(statusAfter({ trailers: "07" }), 7);
  });

  it("is not known of a gRPC-Web answer that passed as it came", () => {
    assert.equal(statusAfter({ type: "application/grpc-web" }), -1);
    assert.equal(statusAfter({ type: "application/grpc-web", head: "3" }), 3);
    assert.equal(statusAfter({ type: "application/grpc-web-text", fault: 8 }), 8);
  });

  it("is asked of a POST alone", async () => {
    const { readGrpcType } = await import("./grpc-call.ts");
    for (const [method, type] of [
      ["POST", "application/grpc"],
      ["GET", null],
      ["PUT", null],
    ] as const) {
      const fields = new Fields("");
      fields.add(CONTENT_TYPE, "application/grpc");
      assert.equal(readGrpcType(new RequestHead(method, "/", "http", 20, fields)), type);
    }
  });
});
