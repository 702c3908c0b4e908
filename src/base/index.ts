export { type Clock, type ScheduledCall, systemClock } from "./clock.ts";
export { FakeClock } from "./fake-clock.ts";
export {
  type Blame,
  defineFault,
  type Fault,
  type FaultDefinition,
  type FaultKind,
  listFaults,
  type RetrySafety,
  type ToldToClient,
} from "./fault.ts";
export { type Cidr, CidrSet, canonicalIp, ipKey, parseCidr, parseIpv4 } from "./ip.ts";
export { selectNearest } from "./nearest.ts";
export { cutPiece, joinBytes, joinRanges, keepPiece } from "./pieces.ts";
export { RingQueue } from "./ring-queue.ts";
export { Secret } from "./secret.ts";
export { runAtOnce, runInSlices, type Steps } from "./slices.ts";
export { Timer, type TimerOwner, TimerWheel } from "./timer-wheel.ts";
export { writeWhole } from "./write-whole.ts";
