// Imports a configuration that is a program: TypeScript or JavaScript whose default export is the configuration.

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Issue } from "./issue.ts";
import { toFileIssue } from "./teams-file.ts";

const MODULE = /\.m?[jt]s$/;

export function isModule(file: string): boolean {
  return MODULE.test(file);
}

// Bun, Node.
const OWN_PACKAGE = /Cannot find (?:package|module) 'sallyport(?:\/[a-z]+)?'/;
const LINK_HINT = "in the folder of the file run `npm install PATH`, where PATH leads to the checkout of Sallyport: that links it";

/** The default export, or the issue that says why there is none. Runs the file, which may do anything. */
export async function importConfiguration(file: string): Promise<{ readonly value: object } | { readonly issue: Issue }> {
  const refuse = (message: string, hint?: string) => {
    const issue = toFileIssue(file, "SP_CONFIG_MODULE", message);
    return { issue: hint === undefined ? issue : { ...issue, hint } };
  };
  let exported: unknown;
  try {
    const module: unknown = await import(pathToFileURL(resolve(file)).href);
    exported = typeof module === "object" && module !== null && "default" in module ? module.default : undefined;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return refuse(`the file can't be imported: ${said}`, OWN_PACKAGE.test(said) ? LINK_HINT : undefined);
  }
  if (exported === undefined) return refuse("the file has no default export: end it with `export default defineGateway({ … })`");
  if (typeof exported === "object" && exported !== null && !Array.isArray(exported)) return { value: exported };
  const what = exported === null ? "null" : Array.isArray(exported) ? "a list" : `a ${typeof exported}`;
  return refuse(`the default export must be a configuration, and is ${what}`);
}
