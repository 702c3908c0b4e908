// curl and wrk through the gateway, to nginx and to a Node service: what the most common clients do must just work.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { BLOCK_BYTES, patternBlock } from "./pattern.ts";
import { type GatewayProcess, missing, RUNTIME, run, Stage, tell } from "./processes.ts";

const UPLOAD_BYTES = 3 * 1024 * 1024;
const WRK_SECONDS = 2;

describe(`curl and wrk on ${RUNTIME}`, { skip: missing("curl", "nginx") }, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let upload: string;

  before(async () => {
    const site = join(stage.folder, "site");
    mkdirSync(join(site, "files"), { recursive: true });
    writeFileSync(join(site, "index.html"), "nginx says hello\n");
    writeFileSync(join(site, "files", "one.txt"), "one\n");
    writeFileSync(join(site, "large.bin"), uploadBytes());
    upload = join(site, "large.bin");
    const nginx = await stage.startNginx(`root ${site}; gzip on; gzip_min_length 1; gzip_types text/plain;`);
    gateway = await stage.startGateway({ upstream: await stage.startService(), others: { nginx } });
  });

  after(() => stage.stop());

  async function curl(...args: readonly string[]): Promise<string> {
    const { code, out, err } = await run("curl", ["-sS", "--max-time", "20", ...args]);
    assert.equal(code, 0, err);
    return out;
  }

  it("gets a page of nginx", async () => {
    const answer = await curl("-i", `${gateway.url}/nginx/index.html`);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\nVia: 1\.1 sallyport\r\n/);
    assert.match(answer, /\r\nX-Request-Id: \S+\r\n/);
    assert.match(answer, /\r\n\r\nnginx says hello\n$/);
  });

  it("gets the answer of the service, and the service sees the request", async () => {
    const seen = JSON.parse(await curl("-H", "X-Mine: yes", `${gateway.url}/things/1?a=b%20c`));
    assert.equal(seen.method, "GET");
    assert.equal(seen.url, "/things/1?a=b%20c");
    assert.equal(seen.headers["x-mine"], "yes");
    assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
  });

  it("heads", async () => {
    const answer = await curl("-I", `${gateway.url}/nginx/index.html`);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(answer, /\r\nContent-Length: 17\r\n/);
    assert.match(answer, /\r\n\r\n$/);
  });

  it("posts a form and gets it back", async () => {
    assert.equal(await curl("-d", "name=value", `${gateway.url}/echo`), "name=value");
  });

  it("asks before it sends a large body", async () => {
    const answer = await curl("-i", "-H", "Expect: 100-continue", "--data-binary", `@${upload}`, `${gateway.url}/digest`);
    assert.match(answer, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    assert.ok(answer.endsWith(JSON.stringify({ bytes: UPLOAD_BYTES, sha256: sha256(uploadBytes()) })), answer.slice(-200));
  });

  it("uploads in chunks", async () => {
    const answer = await curl("-H", "Transfer-Encoding: chunked", "-T", upload, `${gateway.url}/digest`);
    assert.deepEqual(JSON.parse(answer), { bytes: UPLOAD_BYTES, sha256: sha256(uploadBytes()) });
  });

  it("speaks HTTP/1.0", async () => {
    const answer = await curl("-0", "-i", `${gateway.url}/nginx/index.html`);
    assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
    assert.ok(!/transfer-encoding/i.test(answer));
    assert.match(await curl("-0", `${gateway.url}/bytes?n=70000&chunked`), /^[\s\S]{70000}$/);
  });

  it("can't climb out of the root with the path as it is", async () => {
    const climbed = JSON.parse(await curl("--path-as-is", `${gateway.url}/a/../b/./c/%2e%2e/d`));
    assert.equal(climbed.url, "/b/d");
    for (const path of ["/../etc/passwd", "/a/../../etc/passwd", "/%2e%2e/etc/passwd", "/nginx/..%2fetc/passwd", "/a%5c..%5cb", "/a%00b"]) {
      assert.match(
        await curl("--path-as-is", "-i", `${gateway.url}${path}`),
        /^HTTP\/1\.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"SP_/,
      );
    }
  });

  it("reuses one connection for many requests", async () => {
    const urls = Array.from({ length: 50 }, (_, index) => `${gateway.url}/${index % 2 === 0 ? "nginx/files/one.txt" : "things"}`);
    const outputs = urls.flatMap(() => ["-o", "/dev/null"]);
    const told = await curl("-w", "%{http_code} %{num_connects}\n", ...outputs, ...urls);
    const lines = told.trim().split("\n");
    assert.equal(lines.length, 50);
    assert.ok(lines.every((line) => line.startsWith("200 ")));
    assert.equal(lines.filter((line) => line.endsWith(" 1")).length, 1, "one connection was made");
  });

  it("downloads a file, whole and in parts", async () => {
    const target = join(stage.folder, "downloaded.bin");
    await curl("-o", target, `${gateway.url}/nginx/large.bin`);
    assert.equal(sha256(readFileSync(target)), sha256(uploadBytes()));
    await curl("-r", "1000-1999", "-o", target, `${gateway.url}/nginx/large.bin`);
    assert.ok(readFileSync(target).equals(uploadBytes().subarray(1000, 2000)));
  });

  it("gets a compressed answer as nginx made it", async () => {
    assert.equal(await curl("--compressed", "-H", "Accept-Encoding: gzip", `${gateway.url}/nginx/files/one.txt`), "one\n");
  });

  it("gets 304 without a body", async () => {
    const etag = /\r\nETag: (\S+)\r\n/i.exec(await curl("-I", `${gateway.url}/nginx/index.html`))?.[1] ?? "";
    const answer = await curl("-i", "-H", `If-None-Match: ${etag}`, `${gateway.url}/nginx/index.html`);
    assert.match(answer, /^HTTP\/1\.1 304 [\s\S]*\r\n\r\n$/);
  });

  for (const [what, path] of [
    ["nginx", "nginx/files/one.txt"],
    ["the service", "things"],
  ]) {
    it(`wrk loads ${what} without one error`, { skip: missing("wrk") }, async () => {
      const { code, out } = await run("wrk", ["-t1", "-c32", `-d${WRK_SECONDS}s`, `${gateway.url}/${path}`]);
      assert.equal(code, 0, out);
      // wrk prints these lines only when there is something to count.
      assert.ok(!/Socket errors|Non-2xx/.test(out), out);
      const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1]);
      assert.ok(rate > 100, out);
      tell(`wrk, 32 connections, ${WRK_SECONDS} s, to ${what}: ${Math.round(rate)} requests/s, no error`);
    });
  }
});

function uploadBytes(): Buffer {
  const bytes = Buffer.alloc(UPLOAD_BYTES);
  for (let at = 0; at < UPLOAD_BYTES; at += BLOCK_BYTES) bytes.set(patternBlock(at), at);
  return bytes;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
