// `npm run soak`: what takes minutes and is therefore not in `npm test`. On Bun; SALLYPORT_RUNTIME=node runs it on Node.
// `npm run soak -- bodies` runs one of them; `tls` is the scan of TLS listeners.

import { soak as soakBodies } from "./bodies.soak.ts";
import { soak as soakFloods } from "./floods.soak.ts";
import { soak as soakIdentity } from "./identity.soak.ts";
import { summarize } from "./measure.ts";
import { soak as soakReloads } from "./reloads.soak.ts";
import { soak as scanTls } from "./tls-scan.soak.ts";
import { soak as soakWorkers } from "./workers.soak.ts";

const SOAKS = { bodies: soakBodies, floods: soakFloods, identity: soakIdentity, tls: scanTls, reloads: soakReloads, workers: soakWorkers };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(SOAKS, name));
if (unknown.length > 0) {
  console.error(`There is no soak ${unknown.join(", ")}: they are ${Object.keys(SOAKS).join(", ")}.`);
  process.exit(2);
}
for (const [name, soak] of Object.entries(SOAKS)) {
  if (wanted.length === 0 || wanted.includes(name)) await soak();
}
process.exit(summarize());
