import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StoreFailure } from "../stores/index.ts";
import { AdminStage, GUARDED } from "./control-plane-fake.ts";

const PATH = "GET /.well-known/jwks.json";

describe("the public keys at the admin address", () => {
  it("are told without a token, where other pages want one", async () => {
    const stage = await AdminStage.start(GUARDED);
    stage.plane.publicKeys = () => Promise.resolve({ text: '{"keys":[{"kid":"one"}]}', cacheForSeconds: 7 });
    const { status, headers, body } = await stage.ask(PATH);
    assert.equal(status, 200);
    assert.equal(headers.get("content-type"), "application/json");
    assert.equal(headers.get("cache-control"), "public, max-age=7");
    assert.equal(body, '{"keys":[{"kid":"one"}]}\n');
    assert.equal((await stage.ask("GET /keys")).status, 401);
  });

  it("are 404 where the gateway signs nothing, and 503 while the database is away", async () => {
    const stage = await AdminStage.start();
    stage.plane.publicKeys = () => null;
    assert.equal((await stage.ask(PATH)).status, 404);
    stage.plane.publicKeys = () => Promise.reject(new StoreFailure("there is no way to it"));
    assert.equal((await stage.ask(PATH)).status, 503);
  });
});
