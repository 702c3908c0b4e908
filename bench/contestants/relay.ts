// The TCP relay of bench/relay.ts on either runtime: the floor, not a rival.

import type { Contestant } from "./contestant.ts";
import { findRuntime, type Runtime } from "./runtimes.ts";

const SCRIPT = new URL("../relay.ts", import.meta.url).pathname;

export function relay(runtime: Runtime): Contestant {
  return {
    name: `relay-${runtime}`,
    prepare({ port, upstreamPort }) {
      const program = findRuntime(runtime);
      if (program instanceof Error) return program;
      return { file: program, args: [SCRIPT, `${port}`, `${upstreamPort}`] };
    },
  };
}
