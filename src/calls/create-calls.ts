// Calls whose client is loaded with the first of them: the runtimes' own take tens of milliseconds of a start, and most gateways ask nobody.

import { type Clock, systemClock } from "../base/index.ts";
import { CallFailure, type Calls } from "./call.ts";

/** One a process; `clock` counts the time of calls. Idle connections keep no process alive. */
export function createCalls(clock: Clock = systemClock): Calls {
  let loading: Promise<Calls> | null = null;
  let isClosed = false;
  return {
    async call(call) {
      if (isClosed) throw new CallFailure("connect", "the gateway is stopping");
      loading ??= import("./http-calls.ts").then(({ HttpCalls }) => new HttpCalls(clock));
      return (await loading).call(call);
    },
    close() {
      isClosed = true;
      void loading?.then((calls) => calls.close());
    },
  };
}
