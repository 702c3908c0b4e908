// A service that serves nobody who did not come through the gateway, and asks nobody else who calls.
// Its keys and port by the command line: orders.ts 3005 http://127.0.0.1:8090/.well-known/jwks.json
import { createVerifier, requireGateway } from "sallyport/verify";
import { sendJson, serve } from "../services/service.ts";

const [port = "3005", jwks = "http://127.0.0.1:8090/.well-known/jwks.json"] = process.argv.slice(2);

// `sallyport:` and the gateway's name is its issuer, unless `internalKeys.issuer` says another.
const verifier = createVerifier({ issuer: "sallyport:shop", audience: "orders", jwks });
const admit = requireGateway(verifier, { anonymous: false });

serve("orders", Number(port), async (request, response) => {
  const caller = await admit(request, response);
  if (caller === null) return;
  sendJson(response, 200, { orders: [{ id: 1, of: caller.id }], caller });
});
