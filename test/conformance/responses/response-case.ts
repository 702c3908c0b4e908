// The words in which the table of upstream responses is written: raw bytes an upstream sends, what the client may make of
// them, and whether that upstream connection may serve another request. Pure data; test/kit runs it.

import { get } from "../requests/request-case.ts";

export type ResponseOutcome =
  /** Delivered whole. `fields` by lower-case name; null is absent. */
  | {
      readonly kind: "served";
      readonly status: number;
      readonly body: string;
      readonly fields: Readonly<Record<string, null | string | readonly string[]>>;
      readonly interim: readonly number[];
      readonly trailers: Readonly<Record<string, string>>;
    }
  /** The gateway answers 502 in the upstream's place. */
  | { readonly kind: "refused" }
  /** The body turns out to be bad: 502, or an answer that is visibly aborted; never a clean end. */
  | { readonly kind: "broken" };

export interface ResponseCase {
  readonly name: string;
  /** The client's request. */
  readonly request: string;
  /** What the upstream sends when it has seen the whole request. */
  readonly bytes: string;
  /** What the upstream does when it has sent that. */
  readonly afterwards: "stay" | "fin" | "reset";
  readonly outcome: ResponseOutcome;
  /** Whether the upstream connection serves the next request. */
  readonly reuses: boolean;
  /** Whether the client's connection closes. Undefined: a broken answer always closes it unless it became a 502. */
  readonly clientCloses: boolean;
  readonly cuts: "all" | "some";
}

export const FIRST: string = get("/first");

type Extra = Partial<Omit<ResponseCase, "name" | "bytes" | "outcome">>;
type Served = Extract<ResponseOutcome, { kind: "served" }>;

/** Delivered whole; the connection is reused, unless `extra` says otherwise. */
export function delivered(name: string, bytes: string, body: string, extra: Extra & Partial<Served> = {}): ResponseCase {
  const { status = 200, fields = {}, interim = [], trailers = {}, ...rest } = extra;
  return { ...PLAIN, name, bytes, reuses: true, ...rest, outcome: { kind: "served", status, body, fields, interim, trailers } };
}

/** 502 to the client, whose connection lives on; the upstream's does not. */
export function badGateway(name: string, bytes: string, extra: Extra = {}): ResponseCase {
  return { ...PLAIN, name, bytes, ...extra, outcome: { kind: "refused" } };
}

/** The head was good and the body is not. */
export function aborted(name: string, bytes: string, extra: Extra = {}): ResponseCase {
  return { ...PLAIN, name, bytes, ...extra, outcome: { kind: "broken" } };
}

const PLAIN = { request: FIRST, afterwards: "stay", reuses: false, clientCloses: false, cuts: "all" } as const satisfies Extra;
