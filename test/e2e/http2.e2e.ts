// Both versions of HTTP on both sides of the gateway: a client must find the same behaviour in each of the four combinations. Clients are
// written by hand, so that nothing smooths over what comes; real ones have files of their own.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { H2Client } from "../kit/index.ts";
import { type Answered, ask, VERSIONS, valuesOf } from "./both-versions.ts";
import { download, upload } from "./bulk-transfer.ts";
import { Http2Gateway, startOnNode, writePair } from "./http2-gateway.ts";
import { downloadSlowly, head, uploadPattern } from "./http2-transfer.ts";
import { MemoryWatch } from "./memory-watch.ts";
import { patternDigest } from "./pattern.ts";
import { RUNTIME, Stage, tell, toMiB, waitFor } from "./processes.ts";
import { RawConnection } from "./raw-connection.ts";

const MIB = 1024 * 1024;
const BULK_BYTES = 64 * MIB;
const BULK_MS = 60_000;
const GROWTH_BYTES = (RUNTIME === "bun" ? 64 : 96) * MIB;
// Speaks of a connection, so it must not cross from one to another in a version that has no such fields.
const CONNECTION_FIELDS = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

describe(`both versions of HTTP on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;

  before(async () => {
    const { port } = await startOnNode(stage, "http2-service.ts");
    const [h1, h2] = port.split(" ");
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      upstreams: {
        h1: { url: `http://127.0.0.1:${h1}`, protocol: "http/1.1" },
        h2: { url: `http://127.0.0.1:${h2}`, protocol: "h2" },
        gone: { url: "http://127.0.0.1:1", protocol: "h2" },
      },
    });
  });

  after(() => stage.stop());

  for (const version of VERSIONS) {
    for (const [upstream, upstreamVersion] of [
      ["h1", "HTTP/1.1"],
      ["h2", "HTTP/2"],
    ] as const) {
      describe(`${version} to ${upstreamVersion}`, () => {
        const send = (path: string, asked: Partial<Parameters<typeof ask>[2]> = {}): Promise<Answered> =>
          ask(version, gateway.plainPort, { path: `/${upstream}${path}`, ...asked });
        const seenBy = async (path: string, asked: Partial<Parameters<typeof ask>[2]> = {}) => JSON.parse((await send(path, asked)).body);

        it("the service sees the request as it was, and who passed it on", async () => {
          const seen = await seenBy("/things/1?a=b%20c&d", { fields: [["x-mine", "yes"]] });
          assert.equal(seen.version, upstream === "h2" ? "2.0" : "1.1");
          assert.equal(seen.method, "GET");
          assert.equal(seen.url, "/things/1?a=b%20c&d");
          assert.equal(seen.headers["x-mine"], "yes");
          assert.equal(seen.headers[upstream === "h2" ? ":authority" : "host"], "gateway.test");
          assert.equal(seen.headers["via"], `${version === "HTTP/2" ? "2.0" : "1.1"} sallyport`);
          assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
        });

        for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE"]) {
          it(`${method}`, async () => assert.equal((await seenBy("/m", { method })).method, method));
        }

        it("a body with its length", async () => {
          const { status, body, fields } = await send("/echo", { method: "POST", body: "0123456789", saysLength: true });
          assert.equal(status, 200);
          assert.equal(body, "0123456789");
          assert.deepEqual(valuesOf(fields, "x-length"), ["10"]);
        });

        it("a body without a length", async () => {
          const { body, fields } = await send("/echo", { method: "POST", body: "x".repeat(50_000) });
          assert.equal(body, "x".repeat(50_000));
          assert.deepEqual(valuesOf(fields, "x-length"), ["none"]);
        });

        it("an empty body", async () => {
          for (const saysLength of [true, false]) assert.equal((await send("/echo", { method: "POST", body: "", saysLength })).body, "");
        });

        it("trailers in both directions", async () => {
          const { body, trailers } = await send("/echo", { method: "POST", body: "summed", trailers: [["x-sum", "42"]] });
          assert.equal(body, "summed");
          assert.deepEqual(valuesOf(trailers, "x-bytes"), ["6"]);
          assert.deepEqual(valuesOf(trailers, "x-got"), ["42"]);
        });

        it("HEAD: the length of what GET would bring, and no body", async () => {
          const { status, fields, body, isCut } = await send("/status?n=200", { method: "HEAD" });
          assert.equal(status, 200);
          assert.deepEqual(valuesOf(fields, "content-length"), ["4"]);
          assert.equal(body, "");
          assert.equal(isCut, false);
        });

        it("204 and 304 have no body and no end is waited for", async () => {
          for (const status of [204, 304]) {
            const answer = await send(`/status?n=${status}`);
            assert.equal(answer.status, status);
            assert.equal(answer.body, "");
            assert.equal(answer.isCut, false);
            assert.deepEqual(valuesOf(answer.fields, "etag"), ['"1"']);
          }
        });

        it("other statuses with a body", async () => {
          for (const status of [201, 404, 500, 599]) {
            const answer = await send(`/status?n=${status}`);
            assert.equal(answer.status, status);
            assert.equal(answer.body, "body");
          }
        });

        it("fields of 12 KiB each way", async () => {
          const { body, fields } = await send("/large?n=12288", { fields: [["x-large", "a".repeat(12_288)]] });
          assert.equal(body, "12288");
          assert.equal(valuesOf(fields, "x-large")[0]?.length, 12_288);
        });

        it("cookies arrive as one line, set-cookies as they were", async () => {
          const crumbs = version === "HTTP/2" ? ["a=1", "b=2", "c=3"] : ["a=1; b=2; c=3"];
          const { body, fields } = await send("/cookies", { fields: crumbs.map((crumb) => ["cookie", crumb] as const) });
          assert.equal(body, "a=1; b=2; c=3");
          assert.deepEqual(valuesOf(fields, "set-cookie"), ["a=1; Path=/", "b=2; Path=/"]);
        });

        it("a client that waits for 100 (Continue) gets it", async () => {
          const { interim, body } = await send("/echo", { method: "POST", body: "asked first", saysLength: true, waits: true });
          assert.ok(interim.includes(100));
          assert.equal(body, "asked first");
        });

        it("early hints come before the answer", async () => {
          const { interim, body } = await send("/hints");
          assert.deepEqual(interim, [103]);
          assert.equal(body, "hinted");
        });

        it("no field that speaks of a connection crosses", async () => {
          const answer = await send("/things");
          const allowed = version === "HTTP/2" ? [] : ["connection", "transfer-encoding"];
          const crossed = answer.fields.filter(([name]) => CONNECTION_FIELDS.includes(name) && !allowed.includes(name));
          assert.deepEqual(crossed, []);
          const { headers } = await seenBy("/things");
          const kept = Object.keys(headers).filter(
            (name) => CONNECTION_FIELDS.includes(name) && !(upstream === "h1" && name === "connection"),
          );
          assert.deepEqual(kept, []);
        });

        it("a client that leaves is noticed by the service", async () => {
          const id = `${version}-${upstream}`;
          const path = `/${upstream}/hang?id=${encodeURIComponent(id)}`;
          const seen = async (): Promise<{ started: boolean; cancelled: boolean }> => seenBy(`/seen?id=${encodeURIComponent(id)}`);
          const client = version === "HTTP/2" ? await H2Client.open(gateway.plainPort) : new RawConnection(gateway.plainPort);
          if (client instanceof H2Client) client.request(head("GET", path));
          else client.send(`GET ${path} HTTP/1.1\r\nHost: gateway.test\r\n\r\n`);
          await waitFor(async () => (await seen()).started, 5000, "the request arrives");
          client.destroy();
          await waitFor(async () => (await seen()).cancelled, 5000, "the service hears of it");
        });

        it("a service that breaks off before its head is a 502", async () => {
          const { status, body } = await send("/cut?n=0", { method: "POST", body: "x", saysLength: true });
          assert.equal(status, 502);
          assert.match(body, /"code":"SP_\w+"/);
        });

        it("a service that breaks off within its body cuts the client's answer", async () => {
          for (const length of ["", "&length"]) {
            const { status, isCut } = await send(`/cut?n=1000${length}`);
            assert.equal(status, 200);
            assert.equal(isCut, true);
          }
        });

        it(`${toMiB(BULK_BYTES)} to a client that reads slowly, the same bytes in little memory`, async () => {
          const watch = new MemoryWatch(gateway.process);
          const expected = patternDigest(BULK_BYTES);
          const path = `/${upstream}/bytes?length&n=${BULK_BYTES}`;
          const startedMs = performance.now();
          if (version === "HTTP/2") {
            const client = await H2Client.open(gateway.plainPort, { opensWindows: false, keepBytes: 0 });
            assert.equal(await downloadSlowly(client, path, 32_768, BULK_MS), expected);
            client.destroy();
          } else {
            const transfer = await download(gateway.process, BULK_BYTES, 500, expected, path);
            assert.equal(transfer.receivedDigest, expected);
          }
          const growth = watch.stop();
          tell(`${version} from ${upstream}: ${((performance.now() - startedMs) / 1000).toFixed(1)} s, memory +${toMiB(growth)}`);
          assert.ok(growth < GROWTH_BYTES, `grew by ${toMiB(growth)}`);
        });

        it(`${toMiB(BULK_BYTES)} to the service, the same bytes`, async () => {
          const expected = patternDigest(BULK_BYTES);
          if (version === "HTTP/2") {
            const client = await H2Client.open(gateway.plainPort);
            const stream = await uploadPattern(client, `/${upstream}/digest`, BULK_BYTES, BULK_MS);
            assert.deepEqual(JSON.parse(stream.body), { bytes: BULK_BYTES, sha256: expected });
            client.destroy();
          } else {
            const transfer = await upload(gateway.process, BULK_BYTES, true, `/${upstream}/digest`);
            assert.equal(transfer.receivedDigest, expected);
          }
        });
      });
    }

    it(`the gateway's own answers over ${version}`, async () => {
      const missing = await ask(version, gateway.plainPort, { path: "/nowhere" });
      assert.equal(missing.status, 404);
      assert.deepEqual(valuesOf(missing.fields, "content-type"), ["application/problem+json"]);
      assert.match(missing.body, /SP_ROUTE_NOT_FOUND/);
      const gone = await ask(version, gateway.plainPort, { path: "/gone/x" });
      assert.equal(gone.status, 502);
      assert.match(gone.body, /SP_UPSTREAM_CONNECT_FAILED/);
    });
  }

  it("100 requests at once on one connection, each with its own answer", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const streams = Array.from({ length: 100 }, (_, index) => client.request(head("GET", `/${index % 2 === 0 ? "h1" : "h2"}/r${index}`)));
    await client.until(() => streams.every((stream) => stream.isOver), 10_000, "all answers");
    streams.forEach((stream, index) => {
      assert.equal(stream.status, 200);
      assert.equal(JSON.parse(stream.body).url, `/r${index}`);
    });
    assert.equal(client.problem, null);
    client.destroy();
  });

  it("the same digest of an answer whose frames are cut at any size", async () => {
    const client = await H2Client.open(gateway.plainPort);
    const stream = client.request(head("GET", "/h2/bytes?n=300000"));
    await client.until(() => stream.isOver, 10_000, "the answer");
    assert.equal(createHash("sha256").update(Buffer.concat(stream.chunks)).digest("hex"), patternDigest(300_000));
    client.destroy();
  });
});
