// Faults are values: what went wrong with one exchange, who is to blame, and what may be done about it.
// This file knows the form and keeps the registry; each room defines its own in its `faults.ts`.
// pipeline/rescue.ts alone turns a fault into bytes.

export type Blame = "client" | "upstream" | "operator" | "gateway";

/**
 * Whether another attempt is safe. `never`: no. `reused-connection`: only if the connection had served before (RFC 9110
 * 9.2.2: the far side may have closed it for idleness). `idempotent`: when the method is. `always`: nothing was sent.
 */
export type RetrySafety = "never" | "reused-connection" | "idempotent" | "always";

export interface FaultKind {
  /** Permanent, `SP_<ROOM>_<CONDITION>`; never used again when retired. */
  readonly code: string;
  /** HTTP status of the answer. 0: there is nobody left to answer, or nothing is said. */
  readonly status: number;
  /** gRPC status number of the same fault. */
  readonly grpc: number;
  readonly blame: Blame;
  readonly retry: RetrySafety;
  /** Whether the client's connection must close after the answer. */
  readonly closes: boolean;
  /** The constant text that the client may see. */
  readonly title: string;
  /** What the operator should look at or do; becomes the page in docs/reference/faults.md. */
  readonly remedy: string;
}

/** What the client is told of one fault besides the constant title of its kind. */
export interface ToldToClient {
  /** One line for people, as the operator wrote it; null for none. */
  readonly detail: string | null;
  /** When to come again: Retry-After. Null says nothing of it. */
  readonly retryAfterSeconds: number | null;
  /** Members of the problem besides those that each has, at least one. */
  readonly members?: Readonly<Record<string, unknown>>;
}

export interface Fault {
  readonly kind: FaultKind;
  /** For the operator's log; never sent to the client, never holds a secret. */
  readonly detail: string;
  /** Null: the title is all there is to say. */
  readonly told: ToldToClient | null;
}

/** A kind that is also its own plain fault: `return H1.BAD_CHUNK` costs no allocation. */
export interface FaultDefinition extends FaultKind, Fault {
  /** The same fault with words for the operator. */
  with(detail: string): Fault;
  /** The same fault with words for the client. */
  telling(told: ToldToClient): Fault;
}

const registry = new Map<string, FaultDefinition>();
const CODE = /^SP_[A-Z0-9]+(?:_[A-Z0-9]+)+$/;

/** Registers a fault. Throws on a malformed or repeated code: both are bugs of the program, found when it loads. */
export function defineFault(kind: FaultKind): FaultDefinition {
  if (!CODE.test(kind.code)) throw new Error(`fault code ${kind.code} is not of the form SP_<ROOM>_<CONDITION>`);
  if (registry.has(kind.code)) throw new Error(`fault code ${kind.code} is defined twice`);
  const definition: FaultDefinition = {
    ...kind,
    detail: "",
    told: null,
    get kind() {
      return definition;
    },
    with: (detail) => ({ kind: definition, detail, told: null }),
    telling: (told) => ({ kind: definition, detail: "", told }),
  };
  registry.set(kind.code, definition);
  return definition;
}

/** Every fault of the rooms that have been loaded, by code. */
export function listFaults(): FaultDefinition[] {
  return [...registry.values()].sort((a, b) => (a.code < b.code ? -1 : 1));
}
