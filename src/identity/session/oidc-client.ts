// The provider that a session identity logs people in with: what is asked of it, and what its answers come to. openid-client speaks the
// protocols and checks what comes back; loaded when the first login or refresh needs it. What is said of failures holds nothing that the
// provider or a browser wrote freely.

import type { ClientAuth, Configuration, TokenEndpointResponse, TokenEndpointResponseHelpers } from "openid-client";
import type { Fault } from "../../base/index.ts";
import type { SessionIdentity } from "../../config/index.ts";
import type { Claims } from "../../pipeline/index.ts";
import * as AUTH from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { toFetch } from "./calls-fetch.ts";
import { describe, errorCodeOf, isUnreachable, readCallback } from "./oidc-failures.ts";
import { pickClaims, type Session, type Tokens } from "./session.ts";

type Library = typeof import("openid-client");
type TokenAnswer = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** What a login needs again when the browser comes back. */
export interface LoginSecrets {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

/** The provider does not take the refresh token any more. */
export const REFUSED = Symbol("refused");

/** How long what the provider says of itself is taken for true. */
const DISCOVERY_MS = 3_600_000;
/** After a failure nobody asks again for so long. */
const RETRY_MS = 2000;
/** Longest time before the end of an access token at which it is refreshed. */
const MARGIN_MS = 60_000;

export class OidcClient {
  readonly #config: SessionIdentity;
  readonly #host: IdentityHost;
  #configuration: Promise<Configuration> | null = null;
  #readAtMs = 0;

  constructor(config: SessionIdentity, host: IdentityHost) {
    this.#config = config;
    this.#host = host;
  }

  /** Where the browser is sent to log in, and what must be known when it comes back. */
  async begin(redirectUri: string): Promise<{ readonly url: string; readonly secrets: LoginSecrets } | Fault> {
    try {
      const library = await load();
      const configuration = await this.#discover(library);
      const verifier = library.randomPKCECodeVerifier();
      const secrets = { state: library.randomState(), nonce: library.randomNonce(), verifier, redirectUri };
      const url = library.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri,
        scope: this.#config.scopes.join(" "),
        state: secrets.state,
        nonce: secrets.nonce,
        code_challenge: await library.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { url: url.href, secrets };
    } catch (error) {
      return AUTH.UNAVAILABLE.with(this.#tell("login", error));
    }
  }

  /** `query` is what the provider sent the browser back with. */
  async finish(query: string, { state, nonce, verifier, redirectUri }: LoginSecrets): Promise<Tokens | Fault> {
    try {
      const library = await load();
      const configuration = this.#withKeys(library, await this.#discover(library));
      const came = readCallback(query, configuration);
      // A no, or what no provider wrote: whoever sends such a thing is not to raise alarms.
      if (typeof came === "string") return AUTH.LOGIN_FAILED.with(`${this.#config.name}: ${came}`);
      const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: verifier, idTokenExpected: true };
      const answer = await library.authorizationCodeGrant(configuration, new URL(`${redirectUri}?${came}`), checks);
      const tokens = await this.#toTokens(library, configuration, answer, null);
      this.#host.watcher.onAsked(this.#config.name, "login", true, "");
      return tokens;
    } catch (error) {
      // So is a code that somebody made up.
      if (errorCodeOf(error) === "invalid_grant") return AUTH.LOGIN_FAILED.with(`${this.#config.name}: ${describe(error)}`);
      const detail = this.#tell("login", error);
      return isUnreachable(error) ? AUTH.UNAVAILABLE.with(detail) : AUTH.LOGIN_FAILED.with(detail);
    }
  }

  async refresh(session: Session): Promise<Tokens | typeof REFUSED | Fault> {
    try {
      const library = await load();
      const configuration = await this.#discover(library);
      const answer = await library.refreshTokenGrant(configuration, session.refreshToken ?? "");
      const subject = answer.claims()?.sub;
      if (subject !== undefined && subject !== session.subject) {
        this.#host.watcher.onAsked(this.#config.name, "refresh", false, "the id token is about somebody else");
        return REFUSED;
      }
      const tokens = await this.#toTokens(library, configuration, answer, session);
      this.#host.watcher.onAsked(this.#config.name, "refresh", true, "");
      return tokens;
    } catch (error) {
      // The end of a session, not a failure of the provider.
      if (errorCodeOf(error) === "invalid_grant") return REFUSED;
      return AUTH.UNAVAILABLE.with(this.#tell("refresh", error));
    }
  }

  /** Where the provider ends its own session; null when it has no such page, or can't be asked. */
  async endSessionUrl(idToken: string | null, afterUri: string): Promise<string | null> {
    try {
      const library = await load();
      const configuration = await this.#discover(library);
      if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
      const hint = idToken === null ? {} : { id_token_hint: idToken };
      return library.buildEndSessionUrl(configuration, { post_logout_redirect_uri: afterUri, ...hint }).href;
    } catch (error) {
      this.#tell("logout", error);
      return null;
    }
  }

  /** The refresh token of a session that was ended is no good to anybody. Where the provider can't be told, it stays good until its own end. */
  async revoke(token: string): Promise<void> {
    try {
      const library = await load();
      const configuration = await this.#discover(library);
      if (configuration.serverMetadata().revocation_endpoint === undefined) return;
      await library.tokenRevocation(configuration, token, { token_type_hint: "refresh_token" });
      this.#host.watcher.onAsked(this.#config.name, "logout", true, "");
    } catch (error) {
      this.#tell("logout", error);
    }
  }

  #discover(library: Library): Promise<Configuration> {
    const now = this.#host.clock.now();
    if (this.#configuration !== null && now - this.#readAtMs < DISCOVERY_MS) return this.#configuration;
    const before = this.#configuration;
    this.#readAtMs = now;
    const read = this.#readConfiguration(library);
    this.#configuration = read.catch((error: unknown) => {
      this.#host.watcher.onAsked(this.#config.name, "discovery", false, `${this.#config.issuer}: ${describe(error, "discovery")}`);
      // Whoever asks within the next moments shares the failure, or what was known before.
      this.#readAtMs = now - DISCOVERY_MS + RETRY_MS;
      if (before !== null) return before;
      throw error;
    });
    return this.#configuration;
  }

  async #readConfiguration(library: Library): Promise<Configuration> {
    const { ca, clientId, issuer, name } = this.#config;
    const configuration = await library.discovery(new URL(issuer), clientId, { [library.clockTolerance]: 30 }, this.#clientAuth(library), {
      [library.customFetch]: toFetch(this.#host.calls, ca),
      execute: this.#isCleartext ? [library.allowInsecureRequests] : [],
    });
    this.#host.watcher.onAsked(name, "discovery", true, "");
    return configuration;
  }

  /**
   * One that checks the signatures of id tokens too, with keys that are read for this very login: a provider that has just changed its keys
   * must not turn anybody away. A refresh does without: its id token comes from the provider itself (OpenID Connect Core 3.1.3.7), and one
   * that could not be judged would cost the session, its refresh token being spent.
   */
  #withKeys(library: Library, known: Configuration): Configuration {
    const { ca, clientId } = this.#config;
    const configuration = new library.Configuration(
      known.serverMetadata(),
      clientId,
      { [library.clockTolerance]: 30 },
      this.#clientAuth(library),
    );
    configuration[library.customFetch] = toFetch(this.#host.calls, ca);
    if (this.#isCleartext) library.allowInsecureRequests(configuration);
    library.enableNonRepudiationChecks(configuration);
    return configuration;
  }

  #clientAuth(library: Library): ClientAuth {
    const secret = this.#config.clientSecret?.reveal();
    return secret === undefined ? library.None() : library.ClientSecretBasic(secret);
  }

  /** The configuration's check lets that through for loopback alone. */
  get #isCleartext(): boolean {
    return this.#config.issuer.startsWith("http:");
  }

  async #toTokens(library: Library, configuration: Configuration, answer: TokenAnswer, before: Session | null): Promise<Tokens> {
    const now = this.#host.clock.wall();
    const claims = answer.claims();
    const subject = claims?.sub ?? before?.subject ?? "";
    const info = await this.#readInfo(library, configuration, answer.access_token, subject);
    const lifeMs = answer.expires_in === undefined ? null : answer.expires_in * 1000;
    return {
      claims: claims === undefined ? (before?.claims ?? {}) : pickClaims(claims),
      info: info ?? before?.info ?? {},
      accessToken: answer.access_token,
      // A provider that rotates none gives none.
      refreshToken: answer.refresh_token ?? before?.refreshToken ?? null,
      idToken: answer.id_token ?? before?.idToken ?? null,
      scope: answer.scope ?? before?.scope ?? this.#config.scopes.join(" "),
      accessEndsAtMs: lifeMs === null ? null : now + lifeMs,
      // Of a short-lived one the last third: else each request would ask.
      refreshAtMs: lifeMs === null ? null : now + lifeMs - Math.min(MARGIN_MS, lifeMs / 3),
    };
  }

  /** Many providers say there what they leave out of the id token. One that refuses the token for it (it is for another API) is no failure. */
  async #readInfo(library: Library, configuration: Configuration, token: string, subject: string): Promise<Claims | null> {
    if (configuration.serverMetadata().userinfo_endpoint === undefined) return null;
    try {
      const info = await library.fetchUserInfo(configuration, token, subject);
      this.#host.watcher.onAsked(this.#config.name, "userinfo", true, "");
      return pickClaims(info as Claims);
    } catch (error) {
      this.#tell("userinfo", error);
      return null;
    }
  }

  #tell(what: string, error: unknown): string {
    const detail = `${this.#config.name}: ${describe(error, what)}`;
    // Of a discovery that failed it was told when it did.
    this.#host.watcher.onAsked(this.#config.name, what, false, detail);
    return detail;
  }
}

let library: Promise<Library> | null = null;

function load(): Promise<Library> {
  library ??= import("openid-client");
  return library;
}
