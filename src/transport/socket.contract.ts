// The suite that every transport passes: what socket.ts promises, and what real sockets do to those who trust them.
// Not a test of speed (socket.rig.ts), and not of what only one adapter has.
import { afterEach, describe } from "node:test";
import { closingContract } from "./contract/closing.ts";
import { connectingContract } from "./contract/connecting.ts";
import { corkingContract } from "./contract/corking.ts";
import { crowdsContract } from "./contract/crowds.ts";
import { endingContract } from "./contract/ending.ts";
import { listeningContract } from "./contract/listening.ts";
import { pausingContract } from "./contract/pausing.ts";
import { Rig, type Subject } from "./contract/rig.ts";
import { throwingContract } from "./contract/throwing.ts";
import { writingContract } from "./contract/writing.ts";
import { setHandlerErrorHook } from "./handler-error.ts";

export type { Subject } from "./contract/rig.ts";

/** Declares the whole suite for one transport. */
export function socketContract(name: string, create: () => Subject): void {
  describe(`${name} transport`, () => {
    const rig = new Rig(create());
    afterEach(async () => {
      setHandlerErrorHook(null);
      await rig.clear();
    });
    connectingContract(rig);
    writingContract(rig);
    corkingContract(rig);
    pausingContract(rig);
    endingContract(rig);
    closingContract(rig);
    listeningContract(rig);
    throwingContract(rig);
    crowdsContract(rig);
  });
}
