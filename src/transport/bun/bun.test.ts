import { test } from "node:test";
import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { socketContract } from "../socket.contract.ts";
import { bunTransport } from "./index.ts";

if (process.versions.bun === undefined) test("bun transport", { skip: "needs Bun's own sockets" }, () => {});
else socketContract("bun", () => ({ transport: bunTransport(), countOpen: countDescriptors, openBlackhole }));
