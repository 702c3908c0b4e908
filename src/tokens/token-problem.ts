// Why a token or a key is not taken. Texts are fixed: none holds any part of a token, so that they can be logged.

export type ProblemReason =
  | "malformed"
  | "algorithm"
  | "key"
  | "signature"
  | "expired"
  | "not-yet-valid"
  | "issuer"
  | "audience"
  | "claim"
  | "type";

export interface TokenProblem {
  readonly reason: ProblemReason;
  readonly detail: string;
}

/** For constants of modules: a refusal allocates nothing. */
export function problem(reason: ProblemReason, detail: string): TokenProblem {
  return Object.freeze({ reason, detail });
}

export function isTokenProblem(value: object): value is TokenProblem {
  return "reason" in value && "detail" in value;
}
