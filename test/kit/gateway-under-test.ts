// The gateway as a stage takes it: in process, its clock standing still in memory and real over real sockets.

import { FakeClock, systemClock } from "../../src/base/index.ts";
import { createGateway } from "../../src/gateway/index.ts";
import type { GatewayStarter } from "./stage.ts";

export const startGateway: GatewayStarter = async (config, transport, isMemory) => {
  const gateway = await createGateway(config, { transport, clock: isMemory ? new FakeClock() : systemClock });
  const [listener] = gateway.listeners;
  if (listener === undefined) throw new Error("the gateway has no listener");
  return { address: listener.address, stop: () => gateway.stop(0) };
};
