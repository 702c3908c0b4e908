// Writes the reference pages that come from the source: `npm run docs`. test/architecture/generated-docs.test.ts compares, so that
// no page can fall behind. Pages that people write stand in docs/guides.
import { writeFileSync } from "node:fs";
import { formatFaultPage, loadFaults } from "./fault-page.ts";

const PAGE = new URL("../docs/reference/faults.md", import.meta.url);

await loadFaults();
writeFileSync(PAGE, formatFaultPage());
