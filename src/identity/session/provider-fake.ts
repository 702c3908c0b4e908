// A provider without a network: gives out codes and tokens that are as good as a real one's, or as bad as a test wants.

import { createHash } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { type Call, type CallAnswer, CallFailure, type Calls, jsonAnswer } from "../../calls/index.ts";

export const ISSUER = "https://provider.test";

interface Grant {
  readonly subject: string;
  readonly nonce: string | null;
  readonly challenge: string | null;
}

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

export class FakeProvider implements Calls {
  /** Paths, in their order. */
  readonly asked: string[] = [];
  /** Seconds; null: it says nothing of it. */
  accessTokenLife: number | null = 300;
  refreshes = true;
  claims: Record<string, unknown> = { name: "Alice", roles: ["admin"] };
  /** What the userinfo endpoint says besides `sub`; null: it refuses. */
  info: Record<string, unknown> | null = { tenant: "north" };
  /** Put into id tokens in place of what belongs there. */
  forged: Record<string, unknown> = {};
  isAway = false;
  /** Its token endpoint knows the gateway by another secret. */
  refusesClient = false;
  /** Answers of its token endpoint wait for it. */
  gate: Promise<void> | null = null;
  /** Those that are good; each is good once. */
  readonly refreshTokens = new Map<string, Grant>();
  readonly revoked: string[] = [];
  readonly #codes = new Map<string, Grant>();
  /** The one that is published. */
  #keys: Keys;
  #kid = 1;
  #given = 0;

  private constructor(keys: Keys) {
    this.#keys = keys;
  }

  static async create(): Promise<FakeProvider> {
    return new FakeProvider(await generateKeyPair("ES256", { extractable: true }));
  }

  /** Somebody logs in there: the query that the browser is sent back with. */
  login(authorizationUrl: string, subject = "alice"): string {
    const asked = new URL(authorizationUrl).searchParams;
    const code = `code-${++this.#given}`;
    this.#codes.set(code, { subject, nonce: asked.get("nonce"), challenge: asked.get("code_challenge") });
    return `?${new URLSearchParams({ code, state: asked.get("state") ?? "", iss: ISSUER })}`;
  }

  /** From now on it signs with another key, and publishes no other. */
  async rotateKeys(): Promise<void> {
    this.#keys = await generateKeyPair("ES256", { extractable: true });
    this.#kid++;
  }

  count(path: string): number {
    return this.asked.filter((each) => each === path).length;
  }

  async call(call: Call): Promise<CallAnswer> {
    const path = call.url.slice(ISSUER.length);
    this.asked.push(path);
    if (this.isAway) throw new CallFailure("connect", "nobody is there");
    switch (path) {
      case "/.well-known/openid-configuration":
        return jsonAnswer(METADATA);
      case "/jwks":
        return jsonAnswer({ keys: [{ ...(await exportJWK(this.#keys.publicKey)), kid: `${this.#kid}`, alg: "ES256", use: "sig" }] });
      case "/me":
        return this.info === null ? jsonAnswer({}, 403) : jsonAnswer({ sub: "alice", ...this.info });
      case "/revoke":
        this.revoked.push(new URLSearchParams(call.body ?? "").get("token") ?? "");
        return jsonAnswer({});
      default:
        return this.#answerToken(call);
    }
  }

  close(): void {}

  async #answerToken(call: Call): Promise<CallAnswer> {
    await this.gate;
    if (this.refusesClient) {
      const refusal = jsonAnswer({ error: "invalid_client", error_description: "free text" }, 401);
      return { ...refusal, headers: { ...refusal.headers, "www-authenticate": 'Basic realm="provider", error="invalid_client"' } };
    }
    const asked = new URLSearchParams(call.body ?? "");
    const isRefresh = asked.get("grant_type") === "refresh_token";
    const shown = asked.get(isRefresh ? "refresh_token" : "code") ?? "";
    const grants = isRefresh ? this.refreshTokens : this.#codes;
    const grant = grants.get(shown);
    grants.delete(shown);
    const verifier = asked.get("code_verifier") ?? "";
    const isProven = isRefresh || createHash("sha256").update(verifier).digest("base64url") === grant?.challenge;
    if (grant === undefined || !isProven) return jsonAnswer({ error: "invalid_grant", error_description: `no ${shown}` }, 400);
    const refreshToken = `refresh-${++this.#given}`;
    if (this.refreshes) this.refreshTokens.set(refreshToken, grant);
    return jsonAnswer({
      access_token: `access-${this.#given}`,
      token_type: "Bearer",
      id_token: await this.#signIdToken(grant),
      ...(this.accessTokenLife === null ? {} : { expires_in: this.accessTokenLife }),
      ...(this.refreshes ? { refresh_token: refreshToken } : {}),
    });
  }

  #signIdToken({ subject, nonce }: Grant): Promise<string> {
    // The library that judges it has no other clock than the machine's.
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: ISSUER, aud: "web", sub: subject, iat: now, exp: now + 300, nonce };
    return new SignJWT({ ...this.claims, ...standard, ...this.forged })
      .setProtectedHeader({ alg: "ES256", kid: `${this.#kid}` })
      .sign(this.#keys.privateKey);
  }
}

const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  userinfo_endpoint: `${ISSUER}/me`,
  revocation_endpoint: `${ISSUER}/revoke`,
  end_session_endpoint: `${ISSUER}/end`,
  jwks_uri: `${ISSUER}/jwks`,
  response_types_supported: ["code"],
  code_challenge_methods_supported: ["S256"],
  id_token_signing_alg_values_supported: ["ES256"],
  authorization_response_iss_parameter_supported: true,
};
