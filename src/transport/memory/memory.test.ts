import { type Subject, socketContract } from "../socket.contract.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "./index.ts";

function createSubject(options: MemoryNetworkOptions): Subject {
  const network = new MemoryNetwork(options);
  return {
    transport: network.transport,
    countOpen: () => network.openSockets.length,
    async openBlackhole() {
      const address = { host: "127.0.0.1", port: 9 };
      network.setConnectFault(address, "blackhole");
      return { address, close: () => network.setConnectFault(address, null) };
    },
  };
}

socketContract("memory", () => createSubject({}));
socketContract("memory, narrow and noisy", () => createSubject({ chunkBytes: 4_093, windowBytes: 9_973, spuriousDrain: true }));
