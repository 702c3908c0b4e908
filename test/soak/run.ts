// `npm run soak`: what takes minutes and is therefore not in `npm test`. On Bun; SALLYPORT_RUNTIME=node runs it on Node.
// `npm run soak -- bodies` runs one of them.

import { soak as soakBodies } from "./bodies.soak.ts";
import { soak as soakFloods } from "./floods.soak.ts";
import { summarize } from "./measure.ts";

const SOAKS = { bodies: soakBodies, floods: soakFloods };

const wanted = process.argv.slice(2);
for (const [name, soak] of Object.entries(SOAKS)) {
  if (wanted.length === 0 || wanted.includes(name)) await soak();
}
process.exit(summarize());
