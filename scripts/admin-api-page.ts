// docs/reference/admin-openapi.json: the OpenAPI document of the admin address, as `GET /openapi.json` answers it.
import { describeApi, ENDPOINTS } from "../src/control/index.ts";

export function formatAdminApi(): string {
  return `${JSON.stringify(describeApi(ENDPOINTS), null, 2)}\n`;
}
