// An issuer of tokens for tests: signs, rotates its keys, publishes them on loopback, and counts who asks for them.

import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface IssuerKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  /** As it is published. */
  readonly publicJwk: object;
}

export interface TokenOptions {
  readonly key?: IssuerKey;
  /** In place of the key's own. */
  readonly kid?: string;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** P-256: made in a millisecond, where RSA takes hundreds. */
export function createIssuerKey(kid: string = randomUUID()): IssuerKey {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, privateKey, publicJwk: { ...publicKey.export({ format: "jwk" }), kid, use: "sig", alg: "ES256" } };
}

export function signToken(claims: object, { key, kid, header }: TokenOptions & { readonly key: IssuerKey }): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "ES256", typ: "JWT", kid: kid ?? key.kid, ...header })}.${encode(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), { key: key.privateKey, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}

export class TokenIssuer {
  /** Published, the one that signs first. */
  keys: IssuerKey[] = [createIssuerKey()];
  /** When somebody fetched the keys, on the monotonic clock. */
  readonly fetchedAtMs: number[] = [];
  #server: Server | null = null;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get issuer(): string {
    return `${this.url}/`;
  }

  /** Also again, on the same port, after it was down. */
  async start(): Promise<this> {
    const server = createServer((request, response) => {
      if (request.url === "/keys") this.fetchedAtMs.push(performance.now());
      const documents: Readonly<Record<string, unknown>> = {
        "/keys": { keys: this.keys.map(({ publicJwk }) => publicJwk) },
        "/.well-known/openid-configuration": { issuer: this.issuer, jwks_uri: `${this.url}/keys` },
      };
      const document = documents[request.url ?? ""];
      response.writeHead(document === undefined ? 404 : 200, { "Content-Type": "application/json" });
      response.end(document === undefined ? "" : JSON.stringify(document));
    });
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
    return this;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  /** Publishes a key beside those that there are; it does not sign yet. */
  announce(): IssuerKey {
    const key = createIssuerKey();
    this.keys.push(key);
    return key;
  }

  /** The newest key signs, and the others are published no more. */
  switch(): void {
    this.keys = this.keys.slice(-1);
  }

  token(claims: object = {}, options: TokenOptions = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const standard = { iss: this.issuer, aud: "api", sub: "alice", iat: now, exp: now + 600, jti: randomUUID() };
    return signToken({ ...standard, ...claims }, { key: this.keys[0]!, ...options });
  }
}
