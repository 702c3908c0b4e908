// A program for the tests of socket activation: takes the sockets that it was handed, tells the service manager that it is ready, and
// says on standard output what it got and what its environment still says.
import { takeListenFds } from "../../bin/runtime.mjs";
import { findServiceManager, takeInheritedListeners } from "../../src/processes/index.ts";

takeListenFds(process.env, process.pid, process.ppid);
const { listeners, remarks } = await takeInheritedListeners(process.env);
const complaints: string[] = [];
const manager = findServiceManager(process.env, (reason) => complaints.push(reason));
await manager?.ready("serving");
await manager?.reloading();
await manager?.stopping();
const left = Object.keys(process.env).filter((name) => /LISTEN_|NOTIFY_/.test(name));
const got = listeners.map(({ descriptor, name, address }) => ({ descriptor, name, address }));
process.stdout.write(`${JSON.stringify({ got, remarks, complaints, left, isChild: process.send !== undefined })}\n`);
process.exit(0);
