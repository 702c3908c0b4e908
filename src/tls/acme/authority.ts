// One order at an authority, from the account to the chain (RFC 8555), by the library made for it. It is loaded when the first order is
// made: gateways without ACME, and workers, never see it. When to order is issuer.ts's to say.

import { createChallengeCertificate } from "./challenge-certificate.ts";
import type { IssuedPair } from "./pair-store.ts";

export interface AcmeSettings {
  /** URL of the directory. */
  readonly directory: string;
  readonly email: string | null;
  readonly challenge: "http-01" | "tls-alpn-01";
  /** PEM of who signed the directory's own certificate; null: the authorities that the runtime ships. */
  readonly ca: string | null;
  readonly externalAccount: { readonly keyId: string; readonly hmacKey: { reveal(): string } } | null;
}

/** What must be answered while an order is under way, for one name. */
export type Challenge =
  | { readonly type: "http-01"; readonly token: string; readonly keyAuthorization: string }
  | { readonly type: "tls-alpn-01"; readonly name: string; readonly cert: string; readonly key: string };

/** Whoever answers challenges. `show` resolves when all who may be asked can answer. */
export interface ChallengeStage {
  show(challenge: Challenge): Promise<void>;
  hide(challenge: Challenge): Promise<void>;
}

export interface Authority {
  createAccountKey(): Promise<string>;
  /** A certificate for these names with a new key. Rejects with an Error in words. */
  order(names: readonly string[], accountKey: string, stage: ChallengeStage): Promise<IssuedPair>;
}

/** Of one request to the authority. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Of a whole order: authorities look for minutes at most. */
const ORDER_TIMEOUT_MS = 10 * 60_000;
/** Kept back in messages: an authority's page of HTML helps nobody. */
const MAX_REASON = 300;

export function acmeAuthority(settings: AcmeSettings): Authority {
  return {
    createAccountKey: async () => (await load(settings)).crypto.createPrivateEcdsaKey("P-256").then(String),
    async order(names, accountKey, stage) {
      const acme = await load(settings);
      const { externalAccount, directory, email, challenge } = settings;
      const client = new acme.Client({
        directoryUrl: directory,
        accountKey,
        ...(externalAccount !== null && {
          externalAccountBinding: { kid: externalAccount.keyId, hmacKey: externalAccount.hmacKey.reveal() },
        }),
      });
      const [key, csr] = await acme.crypto.createCsr({ altNames: [...names] }, await acme.crypto.createPrivateEcdsaKey("P-256"));
      const shown = new Map<string, Challenge>();
      const order = client.auto({
        csr,
        ...(email !== null && { email }),
        termsOfServiceAgreed: true,
        // The authority looks from outside; what we see of ourselves from inside says nothing.
        skipChallengeVerification: true,
        challengePriority: [challenge],
        challengeCreateFn: async (authorization, { type, token }, keyAuthorization) => {
          if (type !== challenge) throw new Error(`the authority offers no ${challenge} for ${authorization.identifier.value}`);
          const name = authorization.identifier.value.toLowerCase();
          const made: Challenge =
            type === "http-01"
              ? { type, token, keyAuthorization }
              : { type: "tls-alpn-01", name, ...(await createChallengeCertificate(name, keyAuthorization)) };
          shown.set(token, made);
          await stage.show(made);
        },
        challengeRemoveFn: async (_authorization, { token }) => {
          const made = shown.get(token);
          shown.delete(token);
          if (made !== undefined) await stage.hide(made);
        },
      });
      try {
        return { cert: await within(order, ORDER_TIMEOUT_MS), key: String(key) };
      } catch (error) {
        // The library stumbles over its own words when there was no answer at all: then we look ourselves.
        throw new Error(toReason(error instanceof TypeError ? await whyUnreachable(settings) : error));
      } finally {
        for (const made of shown.values()) await stage.hide(made);
      }
    },
  };
}

async function load({ ca }: AcmeSettings) {
  const [{ default: acme }, https] = await Promise.all([import("acme-client"), import("node:https")]);
  // The library has one set of defaults a process, and a gateway one authority.
  acme.axios.defaults.timeout = REQUEST_TIMEOUT_MS;
  acme.axios.defaults.proxy = false;
  // Whoever orders tries again, later and in the open.
  (acme.axios.defaults as unknown as { acmeSettings: { retryMaxAttempts: number } }).acmeSettings.retryMaxAttempts = 0;
  acme.axios.defaults.httpsAgent = new https.Agent(ca === null ? {} : { ca });
  return acme;
}

async function whyUnreachable({ directory, ca }: AcmeSettings): Promise<unknown> {
  const https = await import("node:https");
  return new Promise((resolve) => {
    const request = https.get(directory, { timeout: REQUEST_TIMEOUT_MS, ...(ca !== null && { ca }) }, (response) => {
      response.resume();
      resolve(new Error("the authority closed the connection without an answer"));
    });
    request.on("timeout", () => request.destroy(new Error("the authority does not answer")));
    request.on("error", (error) => resolve(new Error(`the authority can't be reached: ${error.message}`)));
  });
}

function within<Value>(work: Promise<Value>, ms: number): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the order was not done within ${ms / 60_000} minutes`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** In words, on one line, bounded. What the library throws may hold the request, and with it nothing secret but signatures: left out all the same. */
function toReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > MAX_REASON ? `${line.slice(0, MAX_REASON)}…` : line;
}
