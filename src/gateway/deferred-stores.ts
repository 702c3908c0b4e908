// Stores that are opened when they are first needed, and again after that went wrong: a database that is away when a gateway starts must not
// keep from serving what needs none. Until it is there each call rejects, so that whoever asks fails closed.

import type { Clock } from "../base/index.ts";
import { StoreFailure, type Stores } from "../stores/index.ts";

/** After a failure the next attempt is made so much later; who asks meanwhile is told of the failure. */
const RETRY_MS = 1000;

const METHODS = {
  apiKeys: ["findByDigest", "find", "list", "insert", "update", "rotate", "changesSince"],
  sessions: ["find", "insert", "update", "remove", "removeOf", "removeExpired"],
  signingKeys: ["list", "insertNext", "removeExpired"],
  ownSecrets: ["obtain"],
  quotas: ["reserve", "list", "reset", "removeEnded"],
} as const satisfies { [Port in Exclude<keyof Stores, "close">]: readonly (keyof Stores[Port])[] };

type AnyMethod = (...values: readonly unknown[]) => Promise<unknown>;

export function deferStores(open: () => Promise<Stores>, clock: Clock): Stores {
  let opening: Promise<Stores> | null = null;
  let failedAtMs: number | null = null;
  let isClosed = false;
  const get = (): Promise<Stores> => {
    if (isClosed) return Promise.reject(new StoreFailure("the store is closed"));
    if (opening === null || (failedAtMs !== null && clock.now() - failedAtMs >= RETRY_MS)) {
      failedAtMs = null;
      opening = open();
      opening.catch(() => {
        failedAtMs = clock.now();
      });
    }
    return opening;
  };
  const port = <Name extends keyof typeof METHODS>(name: Name): Stores[Name] => {
    const call = (method: string): AnyMethod => {
      return async (...values) => {
        const ports = (await get())[name] as unknown as Readonly<Record<string, AnyMethod>>;
        return ports[method]!.apply(ports, values as unknown[]);
      };
    };
    return Object.fromEntries(METHODS[name].map((method) => [method, call(method)])) as unknown as Stores[Name];
  };
  return {
    apiKeys: port("apiKeys"),
    sessions: port("sessions"),
    signingKeys: port("signingKeys"),
    ownSecrets: port("ownSecrets"),
    quotas: port("quotas"),
    async close() {
      isClosed = true;
      const opened = await opening?.catch(() => null);
      await opened?.close();
    },
  };
}
