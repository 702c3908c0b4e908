// Stands in for an identity provider: its keys at /jwks.json, and at /token?sub=alice a token for whoever asks. Only for trying things.
// Its key is made at each start and kept nowhere.
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { sendJson, sendProblem, serve } from "../services/service.ts";

const port = Number(process.argv[2] ?? 3004);
const issuer = process.argv[3] ?? `http://127.0.0.1:${port}`;
const { publicKey, privateKey } = await generateKeyPair("ES256");
const jwk = { ...(await exportJWK(publicKey)), kid: "users", use: "sig", alg: "ES256" };

serve("users", port, async (_request, response, url) => {
  if (url.pathname === "/jwks.json") return sendJson(response, 200, { keys: [jwk] });
  if (url.pathname !== "/token") return sendProblem(response, 404, "There is nothing here");
  const token = await new SignJWT({ roles: ["customer"], tenant: "acme" })
    .setProtectedHeader({ alg: "ES256", kid: "users" })
    .setIssuer(issuer)
    .setAudience("shop")
    .setSubject(url.searchParams.get("sub") ?? "alice")
    .setIssuedAt()
    .setExpirationTime("1h")
    .sign(privateKey);
  sendJson(response, 200, { token });
});
