// For HEALTHCHECK: exit code 0 when the admin address says that the gateway is alive, else 1. Plain JavaScript for any Node from 20 on.
import { get } from "node:http";

const TIMEOUT_MS = 2500;
const admin = process.env.SALLYPORT_ADMIN || "127.0.0.1:9901";

const request = get(`http://${admin}/healthz`, { timeout: TIMEOUT_MS }, (response) => process.exit(response.statusCode === 200 ? 0 : 1));
request.on("timeout", () => process.exit(1));
request.on("error", (error) => {
  process.stderr.write(`${admin}: ${error.message}\n`);
  process.exit(1);
});
