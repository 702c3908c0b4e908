// For tests: what bin/sallyport.mjs does, with the program that SCRIPT names in the place of the command line.
import { findRuntime, runOn, takeListenFds } from "../../bin/runtime.mjs";

const runtime = findRuntime(process.env.SALLYPORT_RUNTIME);
const listenFds = takeListenFds(process.env, process.pid, process.ppid);
// The script begins by itself, as the launcher does on the runtime that it started.
runOn({ ...runtime, own: false }, process.env.SCRIPT, process.argv.slice(2), listenFds);
