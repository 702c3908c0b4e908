import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { FakeClock } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { createGateway } from "../../src/gateway/index.ts";
import { MemoryLineSink } from "../../src/telemetry/index.ts";
import { MemoryNetwork } from "../../src/transport/index.ts";
import { ROOT } from "./source-files.ts";

const GUIDE = readFileSync(new URL("../../docs/guides/operating.md", import.meta.url), "utf8");
const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3000] } }
routes: [{ name: r, match: { path: /a }, public: true, upstream: a }]
`;

/** Sends one request and resolves to all that came back. */
async function ask(network: MemoryNetwork, port: number, path: string): Promise<string> {
  let received = "";
  await new Promise<void>((resolve) => {
    const socket = network.transport.connect(
      { host: "127.0.0.1", port },
      {
        onOpen: () => socket.writeText(`GET ${path} HTTP/1.1\r\nHost: a\r\nUser-Agent: t\r\nConnection: close\r\n\r\n`),
        onData(chunk) {
          received += Buffer.from(chunk).toString("latin1");
        },
        onDrain() {},
        onEnd: () => socket.close(),
        onClose: () => resolve(),
      },
    );
  });
  return received;
}

describe("the operating guide", () => {
  it("names every metric that the admin address shows, and every field of an access log line", async () => {
    const network = new MemoryNetwork();
    const log = new MemoryLineSink();
    const { config } = parseConfig(CONFIG, "test.yaml");
    assert.ok(config);
    const gateway = await createGateway(config, { transport: network.transport, clock: new FakeClock(), logSink: log });
    await ask(network, 8080, "/a");
    const metrics = gateway.exposeMetrics();
    await gateway.stop(0);
    const names = [...metrics.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? "");
    assert.ok(names.length > 12);
    assert.deepEqual(
      names.filter((name) => !GUIDE.includes(`\`${name}\``)),
      [],
    );
    const fields = Object.keys(JSON.parse(log.lines[0] ?? "{}"));
    assert.ok(fields.includes("fault") && fields.includes("endpoint"));
    assert.deepEqual(
      fields.filter((field) => !GUIDE.includes(`\`${field}\``)),
      [],
    );
  });

  it("says of each word for what identities ask others what it is", () => {
    const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" }).filter((name) =>
      /(?<!test|bench|fakes)\.ts$/.test(name),
    );
    const asked = sources.flatMap((name) => [...readFileSync(join(ROOT, "src", name), "utf8").matchAll(/\.onAsked\([^,]+, "([^"]+)"/g)]);
    const words = new Set(asked.map((found) => found[1] ?? ""));
    assert.ok(words.size > 10);
    const told = /^### What identities ask others for$[\s\S]*?^## /m.exec(GUIDE)?.[0] ?? "";
    assert.deepEqual(
      [...words].filter((word) => !new RegExp(`^\\|[^|]*\`${word}\``, "m").test(told)),
      [],
    );
  });
});
