// The gateway as a process: how it begins, what it says when it can't, and that its end loses nothing. The command's own side of
// this stands in test/launcher.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { freePort, gatewayYaml, RUNTIME, Stage, sleep, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

describe(`the process on ${RUNTIME}`, () => {
  const stage = new Stage();
  let service: string;

  before(async () => {
    service = await stage.startService();
  });

  after(() => stage.stop());

  it("finishes requests, uploads and downloads in flight at SIGTERM, and takes no new ones", async () => {
    const gateway = await stage.startGateway({ upstream: service, accessLog: true });
    const waiting = new RawConnection(gateway.port);
    const uploading = new RawConnection(gateway.port);
    const idle = new RawConnection(gateway.port);
    await Promise.all([waiting.opened, uploading.opened, idle.opened]);
    waiting.send(get("/slow?ms=700"));
    uploading.send("POST /digest HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 10\r\n\r\n01234");
    idle.send(get("/things"));
    await waitFor(() => idle.status === 200, 3000, "an answer");
    gateway.child.kill("SIGTERM");
    await waitFor(() => /finishing the requests in flight/.test(gateway.err), 3000, "the word");
    const refused = new RawConnection(gateway.port);
    await refused.over;
    assert.equal(refused.receivedBytes, 0);
    await idle.over;
    idle.end();
    uploading.send("56789");
    await Promise.all([waiting.over, uploading.over]);
    waiting.end();
    uploading.end();
    assert.equal(waiting.status, 200);
    assert.match(waiting.text, /\r\nConnection: close\r\n/);
    assert.match(waiting.text, /late/);
    assert.match(uploading.text, /"bytes":10/);
    assert.equal(await gateway.ended, 0);
    assert.equal(gateway.out.trim().split("\n").length, 3, "a line of the access log for each");
  });

  it("ends with 1 and says where and what is wrong in a bad configuration", async () => {
    const text = gatewayYaml(0, { upstream: service }).replace("public: true, upstream: main", "public: true, upstream: mian");
    const file = stage.writeConfig(text);
    const gateway = stage.launchGateway(file);
    assert.equal(await gateway.ended, 1);
    assert.ok(gateway.err.includes("mian") && gateway.err.includes("main"), gateway.err);
    const line = text.split("\n").findIndex((candidate) => candidate.includes("mian")) + 1;
    assert.match(gateway.err, new RegExp(`\\.yaml:${line}:\\d+`));
    assert.ok(!/\n\s+at /.test(gateway.err), "no stack");
  });

  it("ends with 1 when the file is no YAML, or is not there", async () => {
    for (const file of [stage.writeConfig("listeners: [\n"), `${stage.folder}/absent.yaml`]) {
      const gateway = stage.launchGateway(file);
      assert.equal(await gateway.ended, 1);
      assert.match(gateway.err, /\.yaml/);
      assert.ok(!/\n\s+at /.test(gateway.err), "no stack");
    }
  });

  it("ends with 3 when the port is taken", async () => {
    const port = await freePort();
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
    stage.onStop(() => squatter.close());
    const gateway = stage.launchGateway(stage.writeConfig(gatewayYaml(port, { upstream: service })));
    assert.equal(await gateway.ended, 3);
    assert.ok(gateway.err.includes(`127.0.0.1:${port}`), gateway.err);
  });

  it("lives on when clients vanish in every stage of a request", async () => {
    const gateway = await stage.startGateway({ upstream: service });
    const beginnings = [
      "",
      "G",
      get("/things").slice(0, -2),
      get("/hang"),
      get("/endless"),
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n123",
    ];
    for (const beginning of beginnings) {
      for (const way of ["destroy", "reset", "end"] as const) {
        const client = new RawConnection(gateway.port, { keepBytes: 0 });
        await client.opened;
        if (beginning !== "") client.send(beginning);
        await sleep(10);
        client[way]();
      }
    }
    assert.equal((await fetch(`${gateway.url}/things`)).status, 200);
    assert.ok(gateway.isAlive);
    assert.equal(await gateway.stop(), 0);
  });
});
