export { loadInChild } from "./load-in-child.ts";
export { type LoadOutcome, loadRevision, type Revision } from "./loader.ts";
export { findServiceManager, type ServiceManager } from "./notify.ts";
export { RevisionStore } from "./revision-store.ts";
export {
  type Activation,
  type InheritedListener,
  matchInherited,
  takeInheritedListeners,
  type WantedListener,
} from "./socket-activation.ts";
export { Supervisor } from "./supervisor.ts";
export { type Report, StartError, type SupervisorHost } from "./supervisor-host.ts";
export { systemWatchHost } from "./watcher.ts";
export { processSpawner } from "./worker-process.ts";
