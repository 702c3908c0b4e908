import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { tlsContract } from "../tls.contract.ts";
import { bunTransport } from "./index.ts";

const whyNot = process.versions.bun === undefined ? "needs Bun's own sockets" : false;
tlsContract("bun", () => ({ transport: bunTransport(), countOpen: countDescriptors, openBlackhole }), whyNot);
