// The door of the room that reads, verifies and signs tokens.
export { JWT_ALGS, type JwtAlg } from "./algorithms.ts";
export { type ClaimRules, goodUntil, judgeClaims, judgeType } from "./claims.ts";
export { type KeySet, readKey, readKeySet, type SkippedKey, type TokenKey } from "./keys.ts";
export { MAX_TOKEN, readJws, readToken, type UnverifiedJws, type UnverifiedToken } from "./read-token.ts";
export { type SigningKey, signToken, type TokenHeader } from "./sign.ts";
export { toThumbprint } from "./thumbprint.ts";
export { isTokenProblem, type ProblemReason, type TokenProblem } from "./token-problem.ts";
export { verifySignature } from "./verify.ts";
