import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { readPostgresUrl } from "./postgres-address.ts";

const CA = "-----BEGIN CERTIFICATE-----";
const PASSWORD = randomBytes(8).toString("hex");

/** What is done about TLS, in a word. */
function tlsOf(url: string, ca: string | null = null): string {
  const { ssl } = readPostgresUrl(url, ca);
  if (ssl === false) return "none";
  const checks = ssl.rejectUnauthorized ? (ssl.checkServerIdentity === undefined ? "full" : "authority") : "unchecked";
  return ssl.ca === undefined ? checks : `${checks}, own authority`;
}

describe("the URL of a PostgreSQL server", () => {
  for (const [url, ca, tls] of [
    ["postgres://u@db.internal/n", null, "full"],
    ["postgresql://u@db.internal:5433/n", null, "full"],
    ["postgres://u@db.internal/n", CA, "full, own authority"],
    ["postgres://u@db.internal/n?sslmode=require", null, "full"],
    ["postgres://u@db.internal/n?sslmode=verify-full", CA, "full, own authority"],
    ["postgres://u@db.internal/n?sslmode=verify-ca", CA, "authority, own authority"],
    ["postgres://u@db.internal/n?sslmode=no-verify", null, "unchecked"],
    ["postgres://u@db.internal/n?sslmode=disable", CA, "none"],
    ["postgres://u@127.0.0.1/n", null, "none"],
    ["postgres://u@[::1]/n", null, "none"],
    ["postgres://u@localhost/n", null, "none"],
    ["postgres://u@localhost/n", CA, "full, own authority"],
    ["postgres://u@127.0.0.1/n?sslmode=require", null, "full"],
    ["postgres://u@127.0.0.1.evil.example/n", null, "full"],
    ["postgres://u@localhost.evil.example/n", null, "full"],
    ["postgres://u@/n?host=/run/postgresql", null, "none"],
    ["postgres:///n?host=%2Frun%2Fpostgresql", null, "none"],
    ["postgres://u@127.0.0.1/n?host=db.internal", null, "full"],
  ] as const) {
    it(`${url}${ca === null ? "" : " with `ca`"} has TLS: ${tls}`, () => assert.equal(tlsOf(url, ca), tls));
  }

  it("is shown without who asks, and used without what it says of TLS", () => {
    const { shown, connectionString, secrets } = readPostgresUrl(
      `postgres://u:${PASSWORD}%40@db/n?sslmode=require&application_name=a`,
      null,
    );
    assert.equal(shown, "db:5432/n");
    assert.equal(connectionString, `postgres://u:${PASSWORD}%40@db/n?application_name=a`);
    assert.deepEqual(secrets, [`${PASSWORD}%40`, `${PASSWORD}@`]);
  });

  for (const url of [
    "",
    PASSWORD,
    `mysql://u:${PASSWORD}@h/n`,
    `postgres:u:${PASSWORD}@h/n`,
    `postgres://u:p/${PASSWORD}@h/n`,
    `postgres://u:1?${PASSWORD}@h/n`,
    `postgres://u:1#${PASSWORD}@h/n`,
    `postgres://u:${PASSWORD}@[h/n`,
    `postgres://u:${PASSWORD}@h/n?sslmode=prefer`,
    `postgres://u:${PASSWORD}@h/n?sslrootcert=/etc/ca.pem`,
    `postgres://u:${PASSWORD}@h/n?ssl=true`,
  ]) {
    it(`is refused without a word of its password: ${url.replaceAll(PASSWORD, "…")}`, () => {
      assert.throws(
        () => readPostgresUrl(url, null),
        (error: Error) => error.name === "StoreFailure" && !error.message.includes(PASSWORD),
      );
    });
  }
});
