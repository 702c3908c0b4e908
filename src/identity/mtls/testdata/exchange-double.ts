// For tests: as much of an exchange as identities look at, without a connection. Its fields stand as they would have been received.

import { FakeClock, Secret, TimerWheel } from "../../../base/index.ts";
import type { Call, CallAnswer, Calls } from "../../../calls/index.ts";
import { type ClientTlsFacts, Fields, hashFolded, RequestHead } from "../../../http/index.ts";
import { type Exchange, Principal } from "../../../pipeline/index.ts";
import type { IdentityHost, Outcome } from "../../identity.ts";

export interface ExchangeParts {
  readonly method?: string;
  readonly target?: string;
  readonly scheme?: "http" | "https";
  readonly authority?: string;
  readonly bodyLength?: number;
  readonly address?: string;
  readonly peerCertificate?: Uint8Array | null;
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

export function receivedFields(lines: readonly (readonly [string, string])[]): Fields {
  let text = "";
  const marks: number[] = [];
  for (const [name, value] of lines) {
    const start = text.length;
    text += `${name}: ${value}\r\n`;
    marks.push(start, start + name.length, start + name.length + 2, text.length - 2, hashFolded(name, 0, name.length));
  }
  const fields = new Fields(text, marks);
  fields.textEnd = text.length;
  return fields;
}

export function exchangeOf(parts: ExchangeParts = {}): Exchange {
  const { method = "GET", target = "/", scheme = "https", authority = "api.example.com", peerCertificate } = parts;
  const head = new RequestHead(method, target, scheme, 11, receivedFields(parts.fields ?? []));
  const mark = target.indexOf("?");
  head.authority = authority;
  head.path = mark < 0 ? target : target.slice(0, mark);
  head.query = mark < 0 ? "" : target.slice(mark);
  head.bodyLength = parts.bodyLength ?? 0;
  const tls: ClientTlsFacts | null =
    peerCertificate === undefined
      ? null
      : { version: "TLSv1.3", cipher: "", serverName: "", resumed: false, identity: null, peerCertificate };
  const address = parts.address ?? "192.0.2.1";
  const kept = new Map<object, object | null>();
  const memory = { get: (key: object) => kept.get(key) ?? null, put: (key: object, value: object | null) => void kept.set(key, value) };
  return { head, client: { facts: { address, tls } }, clientAddress: address, clientScheme: scheme, memory } as unknown as Exchange;
}

export interface HostDouble extends IdentityHost {
  readonly clock: FakeClock;
  readonly asked: { readonly what: string; readonly isGood: boolean; readonly detail: string }[];
  readonly lookups: boolean[];
  readonly calls: CallsDouble;
}

/** Each call waits until a test answers it. */
export class CallsDouble implements Calls {
  readonly made: { readonly call: Call; answer(answer: CallAnswer): void; fail(error: Error): void }[] = [];

  call(call: Call): Promise<CallAnswer> {
    return new Promise((resolve, reject) => {
      this.made.push({ call, answer: resolve, fail: reject });
    });
  }

  close(): void {}
}

export function hostOf(clock = new FakeClock(1000)): HostDouble {
  const asked: HostDouble["asked"] = [];
  const lookups: boolean[] = [];
  return {
    clock,
    wheel: new TimerWheel(clock),
    calls: new CallsDouble(),
    documents: { read: () => Promise.reject(new Error("nothing is read")) },
    stores: null,
    sealKeys: () => Promise.resolve([]),
    watcher: {
      onAsked: (_identity, what, isGood, detail) => void asked.push({ what, isGood, detail }),
      onLookup: (_identity, isHit) => void lookups.push(isHit),
    },
    asked,
    lookups,
  };
}

/** What came of it, in one line: the principal's id, or the code of the fault with its detail. */
export async function tell(outcome: Outcome): Promise<string> {
  const settled = await outcome;
  if (settled === null) return "none";
  return settled instanceof Principal ? settled.id : `${settled.kind.code}: ${settled.detail}`;
}

export const secret = (text: string): Secret => new Secret(text);
