#!/usr/bin/env node
// The command `sallyport`, started by any Node from 20 on: finds a runtime and runs src/cli on it. Knows no command itself.
import { fileURLToPath } from "node:url";
import { findRuntime, keepCompiledCode, refuse, runOn, takeListenFds } from "./runtime.mjs";

const runtime = findRuntime(process.env.SALLYPORT_RUNTIME);
if (runtime.problem !== undefined) refuse(runtime);
if (runtime.note !== undefined) process.stderr.write(`sallyport: ${runtime.note}\n`);

const listenFds = takeListenFds(process.env, process.pid, process.ppid);
keepCompiledCode(runtime, process.env);

if (runtime.own) {
  const { main } = await import("../src/cli/index.ts");
  process.exitCode = await main(process.argv.slice(2));
  // Ends by itself, with all that was written on its way out; a handle left open must not keep a stopped gateway alive.
  setTimeout(() => process.exit(), 1000).unref();
} else {
  runOn(runtime, fileURLToPath(import.meta.url), process.argv.slice(2), listenFds);
}
