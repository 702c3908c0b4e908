// `sallyport version`: which release this is, and what it runs on. Both belong in a report of a defect.
import { readFileSync } from "node:fs";
import type { CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

export async function version({ values }: CommandLine, terminal: Terminal): Promise<number> {
  const { platform, arch } = process;
  if (values["json"] === true) terminal.out(JSON.stringify({ version: readVersion(), runtime: nameRuntime(), platform, arch }));
  else terminal.out(`sallyport ${readVersion()} on ${nameRuntime()}, ${platform} ${arch}`);
  return EXIT_OK;
}

/** `Bun 1.4.5` or `Node 26.10.0`. */
export function nameRuntime(): string {
  const bun = process.versions["bun"];
  return bun === undefined ? `Node ${process.versions.node}` : `Bun ${bun}`;
}

/** The version of this package. */
export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  if (typeof manifest === "object" && manifest !== null && "version" in manifest) return String(manifest.version);
  throw new Error("package.json has no version");
}
