import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientTlsFacts } from "../http/index.ts";
import { CONTINUE, type Exchange } from "../pipeline/index.ts";
import { MISDIRECTED, misdirectedGuard } from "./misdirected.ts";

const FACTS = { identity: null } as unknown as ClientTlsFacts;

/** What becomes of a request for `host`. */
function ask(covers: boolean, tls: ClientTlsFacts | null): string {
  const { request } = misdirectedGuard(() => covers);
  let told = "";
  const exchange = {
    client: { facts: { tls } },
    head: { host: "a.example" },
    answerFault: (fault: { readonly code: string }) => {
      told = fault.code;
    },
  } as unknown as Exchange;
  return request?.(exchange) === CONTINUE ? "continues" : told;
}

test("a request goes on when its handshake covers its host", () => {
  assert.equal(ask(true, FACTS), "continues");
  assert.equal(ask(false, FACTS), MISDIRECTED.code);
});

test("a request that came without a handshake is covered by none", () => {
  assert.equal(ask(true, null), MISDIRECTED.code);
});
