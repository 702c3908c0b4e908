// Orders at a real authority, without a gateway: what our side of the protocol asks for and gets.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { Secret } from "../../src/base/index.ts";
import { type AcmeSettings, acmeAuthority, type Challenge } from "../../src/tls/acme/index.ts";
import { EXTERNAL_ACCOUNT, type Pebble, startPebble, whyNoPebble } from "./pebble.ts";

function settings(pebble: Pebble, more: Partial<AcmeSettings> = {}): AcmeSettings {
  return { directory: pebble.directory, email: "ops@example.com", challenge: "http-01", ca: pebble.ca, externalAccount: null, ...more };
}

/** Answers HTTP-01 where Pebble asks. */
async function answerOn(port: number) {
  const answers = new Map<string, string>();
  const server = createServer((request, response) => response.end(answers.get(request.url?.split("/").pop() ?? "") ?? "nothing"));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const shown: string[] = [];
  return {
    shown,
    answers,
    stage: {
      show: async (challenge: Challenge) => {
        shown.push(challenge.type);
        if (challenge.type === "http-01") answers.set(challenge.token, challenge.keyAuthorization);
      },
      hide: async (challenge: Challenge) => {
        if (challenge.type === "http-01") answers.delete(challenge.token);
      },
    },
    close: () => server.close(),
  };
}

describe("an order at Pebble", { skip: whyNoPebble() }, () => {
  it("gives a certificate for every name, with a key of its own, and leaves no challenge behind", async () => {
    const pebble = await startPebble({ looksNowhere: true });
    const answers = await answerOn(pebble.httpPort);
    try {
      const authority = acmeAuthority(settings(pebble));
      const account = await authority.createAccountKey();
      const names = ["a.example", "b.example"];
      const [one, two] = [await authority.order(names, account, answers.stage), await authority.order(names, account, answers.stage)];
      const leaf = new X509Certificate(one.cert);
      for (const name of names) assert.equal(leaf.checkHost(name), name);
      assert.notEqual(one.key, two.key);
      assert.equal(answers.answers.size, 0);
    } finally {
      answers.close();
      pebble.stop();
    }
  });

  it("says in words what the authority refuses", async () => {
    const pebble = await startPebble();
    try {
      const authority = acmeAuthority(settings(pebble));
      const silent = { show: async () => undefined, hide: async () => undefined };
      await assert.rejects(authority.order(["localhost"], await authority.createAccountKey(), silent), (error: Error) => {
        assert.match(error.message, /connection refused|Unable|invalid|localhost/i);
        assert.ok(error.message.length < 320);
        return true;
      });
    } finally {
      pebble.stop();
    }
  });

  it("believes no directory that another authority vouches for", async () => {
    const [pebble, other] = [await startPebble(), await startPebble()];
    try {
      const authority = acmeAuthority(settings(pebble, { ca: other.ca }));
      const silent = { show: async () => undefined, hide: async () => undefined };
      await assert.rejects(authority.order(["localhost"], await authority.createAccountKey(), silent), /can't be reached: .*certificate/i);
    } finally {
      pebble.stop();
      other.stop();
    }
  });

  it("binds the account to one that the authority knows, where it asks for that", async () => {
    const pebble = await startPebble({ externalAccount: true });
    const answers = await answerOn(pebble.httpPort);
    try {
      const { keyId, hmacKey } = EXTERNAL_ACCOUNT;
      const bound = acmeAuthority(settings(pebble, { externalAccount: { keyId, hmacKey: new Secret(hmacKey) } }));
      const pair = await bound.order(["localhost"], await bound.createAccountKey(), answers.stage);
      assert.match(pair.cert, /BEGIN CERTIFICATE/);
      const stranger = acmeAuthority(settings(pebble));
      await assert.rejects(stranger.order(["localhost"], await stranger.createAccountKey(), answers.stage), /external/i);
    } finally {
      answers.close();
      pebble.stop();
    }
  });
});
