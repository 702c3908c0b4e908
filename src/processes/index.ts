export { findServiceManager, type ServiceManager } from "./notify.ts";
export {
  type Activation,
  type InheritedListener,
  matchInherited,
  takeInheritedListeners,
  type WantedListener,
} from "./socket-activation.ts";
