// From the configuration of an identity to the live one: each kind is a folder of this room.

import type { TimerWheel } from "../base/index.ts";
import type { IdentityConfig } from "../config/index.ts";
import type { Identity, IdentityHost } from "./identity.ts";

export class IdentityFactory {
  readonly #wheel: TimerWheel;

  /** One a worker: what bounds the work of all identities together is shared. */
  constructor(wheel: TimerWheel) {
    this.#wheel = wheel;
  }

  create(config: IdentityConfig, host: IdentityHost): Identity {
    throw new Error(`${config.kind} ${host.wheel === this.#wheel}`);
  }
}
