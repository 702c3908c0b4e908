// Runs one of the project's TypeScript programs on the runtime that the gateway would use: `node scripts/run-ts.mjs FILE [ARGUMENT…]`.
// For npm scripts, which may be started by a Node that cannot read TypeScript.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { findRuntime, refuse, runOn } from "../bin/runtime.mjs";

const [file, ...args] = process.argv.slice(2);
if (file === undefined) refuse({ problem: "run-ts.mjs needs the file to run.", exitCode: 2 });
const runtime = findRuntime(process.env.SALLYPORT_RUNTIME);
if (runtime.problem !== undefined) refuse(runtime);
if (runtime.note !== undefined) process.stderr.write(`sallyport: ${runtime.note}\n`);

const script = resolve(file);
if (runtime.own) {
  process.argv = [process.argv[0], script, ...args];
  await import(pathToFileURL(script).href);
} else {
  runOn(runtime, script, args);
}
