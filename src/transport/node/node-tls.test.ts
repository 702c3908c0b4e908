import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { tlsContract } from "../tls.contract.ts";
import { nodeTransport } from "./index.ts";

tlsContract("node", () => ({ transport: nodeTransport(), countOpen: countDescriptors, openBlackhole }));
