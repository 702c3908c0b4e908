// The whole tables.

import type { RequestFieldCase } from "./field-case.ts";
import { framingFieldCases } from "./framing-fields.ts";
import { pseudoFieldCases } from "./pseudo-fields.ts";
import { boundCases, cookieCases, regularFieldCases } from "./regular-fields.ts";
import { connectCases, targetCases } from "./targets.ts";

export type { RequestFieldCase, ResponseFieldCase, TrailerFieldCase } from "./field-case.ts";
export { responseCases, trailerCases } from "./responses.ts";

export const requestFieldThemes: readonly (readonly [theme: string, cases: readonly RequestFieldCase[]])[] = [
  ["pseudo-fields", pseudoFieldCases],
  ["paths and authorities", targetCases],
  ["CONNECT", connectCases],
  ["names and values", regularFieldCases],
  ["cookies", cookieCases],
  ["framing and hop-by-hop fields", framingFieldCases],
  ["bounds", boundCases],
];
