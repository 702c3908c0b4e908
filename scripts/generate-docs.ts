// Writes the reference pages that come from the source: `npm run docs`. test/architecture/generated-docs.test.ts compares, so that
// no page can fall behind. Pages that people write stand in docs/guides.
import { writeFileSync } from "node:fs";
import { formatAdminApi } from "./admin-api-page.ts";
import { formatConfigurationPage, formatConfigurationSchema, formatTeamSchema } from "./configuration-page.ts";
import { formatFaultPage, loadFaults } from "./fault-page.ts";
import { formatIssuePage } from "./issue-page.ts";
import { formatRouteTestsPage, formatRouteTestsSchema } from "./route-tests-page.ts";

const PAGE = new URL("../docs/reference/faults.md", import.meta.url);

await loadFaults();
writeFileSync(PAGE, formatFaultPage());
writeFileSync(new URL("../docs/reference/issues.md", import.meta.url), formatIssuePage());
writeFileSync(new URL("../docs/reference/route-tests.md", import.meta.url), formatRouteTestsPage());
writeFileSync(new URL("../docs/reference/route-tests.schema.json", import.meta.url), formatRouteTestsSchema());
writeFileSync(new URL("../docs/reference/configuration.md", import.meta.url), formatConfigurationPage());
writeFileSync(new URL("../docs/reference/gateway.schema.json", import.meta.url), formatConfigurationSchema());
writeFileSync(new URL("../docs/reference/team.schema.json", import.meta.url), formatTeamSchema());
writeFileSync(new URL("../docs/reference/admin-openapi.json", import.meta.url), formatAdminApi());
