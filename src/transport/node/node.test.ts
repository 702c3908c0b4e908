import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { socketContract } from "../socket.contract.ts";
import { nodeTransport } from "./index.ts";

socketContract("node", () => ({ transport: nodeTransport(), countOpen: countDescriptors, openBlackhole }));
