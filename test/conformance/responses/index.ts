// The whole table of upstream responses.

import { deliveredCases } from "./delivered.ts";
import { hostileCases } from "./hostile.ts";
import type { ResponseCase } from "./response-case.ts";

export type { ResponseCase, ResponseOutcome } from "./response-case.ts";

export const responseThemes: readonly (readonly [theme: string, cases: readonly ResponseCase[]])[] = [
  ["delivered responses", deliveredCases],
  ["hostile responses", hostileCases],
];
