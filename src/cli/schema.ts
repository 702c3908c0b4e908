// `sallyport schema`: what editors and other tools know the files by.

import { configurationJsonSchema, routeTestsJsonSchema, teamJsonSchema } from "../config/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export async function schema({ values }: CommandLine, terminal: Terminal): Promise<number> {
  const chosen = values["tests"] === true ? routeTestsJsonSchema() : values["team"] === true ? teamJsonSchema() : configurationJsonSchema();
  terminal.out(JSON.stringify(chosen, null, 2));
  return EXIT_OK;
}
