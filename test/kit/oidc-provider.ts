// A real OpenID provider in this process, on loopback, for tests: people who log in with their name alone, clients of each kind, keys that a
// test rotates, and a switch by which it is away. Tokens live as long as the test says.

import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Adapter, AdapterPayload, ClientMetadata, Configuration, JWK, Provider } from "oidc-provider";

/** What an access token for the API is for, where access tokens are JWTs. */
export const API_AUDIENCE = "urn:test:api";

export interface OidcPerson {
  readonly [claim: string]: unknown;
}

export interface OidcProviderOptions {
  /** Where the login of the client `web` may come back to, and its logout. */
  readonly redirectUris?: readonly string[];
  readonly afterLogoutUris?: readonly string[];
  /** Claims by subject, which is also the login; each of them may log in. */
  readonly people?: Readonly<Record<string, OidcPerson>>;
  /** Opaque unless said. */
  readonly accessTokens?: "opaque" | "jwt";
  readonly accessTokenSeconds?: number;
  readonly idTokenSeconds?: number;
  /** Default: each refresh token is good once. */
  readonly rotatesRefreshTokens?: boolean;
}

export interface OidcClient {
  readonly id: string;
  readonly secret: string;
}

const PEOPLE: Readonly<Record<string, OidcPerson>> = {
  alice: { name: "Alice", roles: ["admin", "editor"], tenant: "north" },
  bob: { name: "Bob", roles: ["reader"], tenant: "south" },
};

export class OidcProvider {
  readonly issuer: string;
  /** Logs people in: authorization code with PKCE, refresh tokens. */
  readonly web: OidcClient = { id: "web", secret: randomBytes(24).toString("hex") };
  /** Gets tokens for itself, and asks about those of others. */
  readonly machine: OidcClient = { id: "machine", secret: randomBytes(24).toString("hex") };
  /** It is there, and every connection ends before an answer. */
  isAway = false;
  /** Paths that were asked for, in their order. */
  readonly asked: string[] = [];
  readonly #server: Server;
  #options: OidcProviderOptions;
  readonly #kept = new Map<string, AdapterPayload>();
  readonly #cookieKey = randomBytes(24).toString("hex");
  #keys: readonly JWK[] = [createKey()];
  #provider!: Provider;
  #answer!: (request: IncomingMessage, response: ServerResponse) => unknown;

  private constructor(server: Server, options: OidcProviderOptions) {
    this.#server = server;
    this.#options = options;
    this.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (request, response) => void this.#serve(request, response));
  }

  static async start(options: OidcProviderOptions = {}): Promise<OidcProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const provider = new OidcProvider(server, options);
    await provider.#build();
    return provider;
  }

  /** Where logins and logouts may lead, for who learns it after the provider has started: the gateway's configuration names the issuer. */
  async allow(uris: Pick<OidcProviderOptions, "redirectUris" | "afterLogoutUris">): Promise<void> {
    this.#options = { ...this.#options, ...uris };
    await this.#build();
  }

  /** `kid`s that are published, the one that signs first. */
  get kids(): readonly string[] {
    return this.#keys.map(({ kid }) => kid ?? "");
  }

  /** Signs with a new key from now on; those before it stay published as long as `kept` says. */
  async rotateKeys(kept = 1): Promise<void> {
    this.#keys = [createKey(), ...this.#keys.slice(0, kept)];
    await this.#build();
  }

  /** An access token of the client `machine` (client credentials). */
  async machineToken(scope = ""): Promise<string> {
    const { access_token: token } = await this.#post("/token", { grant_type: "client_credentials", ...(scope === "" ? {} : { scope }) });
    if (typeof token !== "string") throw new Error("the provider gave no token");
    return token;
  }

  /** Of an access or refresh token. */
  async revoke(token: string): Promise<void> {
    await this.#post("/token/revocation", { token });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #post(path: string, parameters: Record<string, string>): Promise<Record<string, unknown>> {
    const { id, secret } = this.machine;
    const response = await fetch(this.issuer + path, {
      method: "POST",
      headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
      body: new URLSearchParams(parameters),
    });
    const text = await response.text();
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? "").split("?")[0] ?? "";
    this.asked.push(path);
    if (this.isAway) request.socket.destroy();
    else if (path.startsWith("/interaction/")) await this.#interact(request, response, path);
    else await this.#answer(request, response);
  }

  /** Its only page: who are you? */
  async #interact(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (request.method !== "POST") {
      response.setHeader("content-type", "text/html");
      response.end(
        `<!doctype html><title>Log in</title><form method="post" action="${path}"><input name="login"><button>Go</button></form>` +
          `<form method="post" action="${path}"><input type="hidden" name="login" value=""><button id="no">No</button></form>`,
      );
      return;
    }
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const login = new URLSearchParams(body).get("login") ?? "";
    const isKnown = Object.hasOwn(this.#people, login);
    const result = isKnown ? { login: { accountId: login } } : { error: "access_denied", error_description: "nobody of that name" };
    await this.#provider.interactionFinished(request, response, result);
  }

  get #people(): Readonly<Record<string, OidcPerson>> {
    return this.#options.people ?? PEOPLE;
  }

  async #build(): Promise<void> {
    // Loaded here, since only tests that start one are to wait for it.
    const { Provider: OidcServer, errors } = await import("oidc-provider");
    const provider = new OidcServer(this.issuer, this.#configure(errors.InvalidTarget));
    provider.on("server_error", (_context, error) => process.stderr.write(`oidc-provider: ${error.stack ?? error.message}\n`));
    this.#provider = provider;
    this.#answer = provider.callback();
  }

  #configure(InvalidTarget: new () => Error): Configuration {
    const { accessTokens = "opaque", accessTokenSeconds = 300, idTokenSeconds = 300, rotatesRefreshTokens = true } = this.#options;
    const kept = this.#kept;
    return {
      adapter: (model: string) => createAdapter(kept, model),
      clients: this.#clients(),
      jwks: { keys: [...this.#keys] },
      cookies: { keys: [this.#cookieKey] },
      scopes: ["openid", "offline_access", "profile", "orders:read", "orders:write"],
      claims: { openid: ["sub"], profile: ["name", "roles", "tenant"] },
      findAccount: (_context, sub) => {
        const claims = Object.hasOwn(this.#people, sub) ? this.#people[sub] : undefined;
        return claims === undefined ? undefined : { accountId: sub, claims: () => ({ ...claims, sub }) };
      },
      // Nobody is asked for consent.
      loadExistingGrant: async ({ oidc }) => {
        const { client, session, params, provider } = oidc;
        const grant = new provider.Grant({ clientId: client?.clientId ?? "", accountId: session?.accountId ?? "" });
        const scope = typeof params?.["scope"] === "string" ? params["scope"] : "openid";
        grant.addOIDCScope(scope);
        grant.addResourceScope(API_AUDIENCE, scope);
        await grant.save();
        return grant;
      },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      issueRefreshToken: async (_context, client) => client.grantTypeAllowed("refresh_token"),
      rotateRefreshToken: rotatesRefreshTokens,
      ttl: {
        AccessToken: accessTokenSeconds,
        ClientCredentials: accessTokenSeconds,
        IdToken: idTokenSeconds,
        RefreshToken: 86_400,
        Session: 86_400,
        Grant: 86_400,
        Interaction: 600,
      },
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        introspection: { enabled: true, allowedPolicy: async () => true },
        revocation: { enabled: true, allowedPolicy: async () => true },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: async (context, form) => {
            context.body = `<!doctype html><title>Log out</title>${form}<button form="op.logoutForm" name="logout" value="yes">Yes</button>`;
          },
        },
        resourceIndicators: {
          enabled: accessTokens === "jwt",
          defaultResource: async () => API_AUDIENCE,
          useGrantedResource: async () => true,
          getResourceServerInfo: async (_context, resource) => {
            if (resource !== API_AUDIENCE) throw new InvalidTarget();
            return {
              scope: "orders:read orders:write",
              audience: API_AUDIENCE,
              accessTokenFormat: "jwt",
              accessTokenTTL: accessTokenSeconds,
              jwt: { sign: { alg: "RS256" } },
            };
          },
        },
      },
    };
  }

  #clients(): ClientMetadata[] {
    const { redirectUris = [], afterLogoutUris = [] } = this.#options;
    return [
      {
        client_id: this.web.id,
        client_secret: this.web.secret,
        redirect_uris: [...redirectUris],
        post_logout_redirect_uris: [...afterLogoutUris],
        grant_types: redirectUris.length === 0 ? [] : ["authorization_code", "refresh_token"],
        response_types: redirectUris.length === 0 ? [] : ["code"],
        scope: "openid offline_access profile orders:read orders:write",
      },
      {
        client_id: this.machine.id,
        client_secret: this.machine.secret,
        redirect_uris: [],
        response_types: [],
        grant_types: ["client_credentials"],
        scope: "orders:read orders:write",
      },
    ];
  }
}

/** All that the provider keeps, in one map that outlives a change of its keys. Nothing is thrown away: tests are short. */
function createAdapter(kept: Map<string, AdapterPayload>, model: string): Adapter {
  const findWhere = async (isIt: (payload: AdapterPayload) => boolean) =>
    [...kept].find(([key, payload]) => key.startsWith(`${model}:`) && isIt(payload))?.[1];
  return {
    upsert: async (id, payload) => void kept.set(`${model}:${id}`, payload),
    find: async (id) => kept.get(`${model}:${id}`),
    findByUid: (uid) => findWhere((payload) => payload.uid === uid),
    findByUserCode: (code) => findWhere((payload) => payload.userCode === code),
    async consume(id) {
      const payload = kept.get(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => void kept.delete(`${model}:${id}`),
    async revokeByGrantId(grantId) {
      for (const [key, payload] of kept) if (payload.grantId === grantId) kept.delete(key);
    },
  };
}

function createKey(): JWK {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = (privateKey as KeyObject).export({ format: "jwk" });
  return { ...jwk, kid: randomUUID(), use: "sig", alg: "RS256" } as JWK;
}
