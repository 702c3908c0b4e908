// The memory transport's door.
export { type ConnectFault, MemoryNetwork, type MemoryNetworkOptions } from "./network.ts";
