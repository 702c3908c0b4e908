// The way to a Redis or Valkey server, whichever way it is found: what exact and approximate counters ask through.

/** A script that runs on the server, by its SHA-1 where the server knows it already. */
export interface LuaScript {
  readonly name: string;
  readonly text: string;
}

export interface RedisLink {
  /**
   * All `keys` have one hash tag. Rejects when the server can't be asked: nobody is waited for beyond the timeout, and while the link is down it
   * rejects at once.
   */
  run(script: LuaScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
  close(): void;
}
