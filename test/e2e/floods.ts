// Many bad clients at once, as measured scenarios: e2e runs them small, test/soak at full size.

import { MemoryWatch } from "./memory-watch.ts";
import { BLOCK_BYTES, patternBlock } from "./pattern.ts";
import { type GatewayProcess, sleep, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

const CONNECTING_AT_ONCE = 200;
/** Under the bound of connections per address that a gateway has by default. */
const PER_ADDRESS = 500;

/** What a half-open connection sends and then leaves unfinished. */
const HALF_HEAD = "GET / HTTP/1.1\r\nHost: gateway.test\r\nX-Never-Finished: aaaaaaaaaaaaaaaa";

/** Opens `count` connections, each of which says `first` at once, from as many loopback addresses as the bound of connections per address asks for. */
export async function openMany(port: number, count: number, keepBytes: number, paused = false, first = ""): Promise<RawConnection[]> {
  const clients: RawConnection[] = [];
  while (clients.length < count) {
    const batch: RawConnection[] = [];
    for (let i = 0; i < CONNECTING_AT_ONCE && clients.length < count; i++) {
      const address = `127.0.1.${1 + Math.floor(clients.length / PER_ADDRESS)}`;
      const client = new RawConnection(port, { localAddress: address, keepBytes, paused });
      if (first !== "") client.send(first);
      batch.push(client);
      clients.push(client);
    }
    await Promise.all(batch.map((client) => client.opened));
  }
  return clients;
}

export interface Served {
  count: number;
  failed: number;
  slowestMs: number;
}

/** A well-behaved client that asks on and on until `isOver`, each time on the same connection. */
export async function askMeanwhile(gateway: GatewayProcess, isOver: () => boolean): Promise<Served> {
  const served: Served = { count: 0, failed: 0, slowestMs: 0 };
  while (!isOver()) {
    const startedMs = performance.now();
    try {
      const response = await fetch(`${gateway.url}/things`);
      if (response.status !== 200) served.failed++;
      await response.text();
    } catch {
      served.failed++;
    }
    served.count++;
    served.slowestMs = Math.max(served.slowestMs, performance.now() - startedMs);
    await sleep(10);
  }
  return served;
}

export interface HalfOpenResult {
  readonly cut: number;
  readonly with408: number;
  readonly openMs: number;
  /** From the last connection opened to the last one cut. */
  readonly cutMs: number;
  readonly growthBytes: number;
  readonly served: Served;
}

/** `count` clients that begin a head and never finish it; a well-behaved one asks meanwhile. */
export async function floodHalfOpen(gateway: GatewayProcess, count: number, mostMs: number): Promise<HalfOpenResult> {
  const watch = new MemoryWatch(gateway);
  let isOver = false;
  const served = askMeanwhile(gateway, () => isOver);
  const startedMs = performance.now();
  const clients = await openMany(gateway.port, count, 200, false, HALF_HEAD);
  const openedMs = performance.now();
  await waitFor(() => clients.every((client) => client.isOver), mostMs, "all half-open connections are cut").catch(() => {});
  const result = {
    cut: clients.filter((client) => client.isOver).length,
    with408: clients.filter((client) => client.status === 408).length,
    openMs: openedMs - startedMs,
    cutMs: performance.now() - openedMs,
    growthBytes: watch.stop(),
  };
  isOver = true;
  for (const client of clients) client.destroy();
  return { ...result, served: await served };
}

export interface PausedResult {
  readonly count: number;
  /** Pushed into sockets and buffers on the way, and no further. */
  readonly heldBytes: number;
  readonly growthBytes: number;
  readonly growthPerConnectionBytes: number;
}

/** `count` uploads to an upstream that stops reading: each pushes until it is held, `bodyBytes` at most. */
export async function pauseUploads(gateway: GatewayProcess, count: number, bodyBytes: number, holdMs: number): Promise<PausedResult> {
  const watch = new MemoryWatch(gateway);
  const clients = await openMany(gateway.port, count, 0);
  const block = patternBlock(0);
  const push = (client: RawConnection): void => {
    while (client.socket.bytesWritten < bodyBytes && client.send(block));
  };
  for (const client of clients) {
    client.send(`POST /stall HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
    client.socket.on("drain", () => push(client));
    push(client);
  }
  await sleep(holdMs);
  const growthBytes = watch.stop();
  let heldBytes = 0;
  for (const client of clients) {
    heldBytes += client.socket.bytesWritten - client.socket.writableLength;
    client.destroy();
  }
  return { count, heldBytes, growthBytes, growthPerConnectionBytes: growthBytes / count };
}

export interface DownloadsResult extends PausedResult {
  /** Of memory, before the first byte is read. */
  readonly heldGrowthBytes: number;
  readonly receivedBytes: number;
  readonly incomplete: number;
  readonly seconds: number;
}

/** `count` downloads of `bodyBytes` each that are not read for `holdMs`, and then all at once to their end. */
export async function pauseDownloads(gateway: GatewayProcess, count: number, bodyBytes: number, holdMs: number): Promise<DownloadsResult> {
  const watch = new MemoryWatch(gateway);
  const startedMs = performance.now();
  const clients = await openMany(gateway.port, count, 0, true);
  for (const client of clients) client.send(get(`/bytes?n=${bodyBytes}`, "Connection: close\r\n"));
  await sleep(holdMs);
  const heldGrowthBytes = watch.growthBytes;
  for (const client of clients) client.read();
  await Promise.all(clients.map((client) => client.over));
  let receivedBytes = 0;
  let incomplete = 0;
  for (const client of clients) {
    receivedBytes += client.receivedBytes;
    if (client.receivedBytes < bodyBytes || client.isReset) incomplete++;
    client.destroy();
  }
  const growthBytes = watch.stop();
  return {
    count,
    heldBytes: 0,
    heldGrowthBytes,
    growthBytes,
    growthPerConnectionBytes: growthBytes / count,
    receivedBytes,
    incomplete,
    seconds: (performance.now() - startedMs) / 1000,
  };
}

/** `count` whole uploads of `bodyBytes` each at the same time; resolves to how many were answered with all their bytes. */
export async function uploadMany(
  gateway: GatewayProcess,
  count: number,
  bodyBytes: number,
): Promise<{ complete: number; growthBytes: number; seconds: number }> {
  const watch = new MemoryWatch(gateway);
  const startedMs = performance.now();
  const clients = await openMany(gateway.port, count, 1000);
  const block = patternBlock(0);
  for (const client of clients) {
    let sent = 0;
    const push = (): void => {
      while (sent < bodyBytes) {
        const take = Math.min(BLOCK_BYTES, bodyBytes - sent);
        sent += take;
        if (!client.send(take === BLOCK_BYTES ? block : block.subarray(0, take))) return;
      }
    };
    client.send(`POST /digest HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\nContent-Length: ${bodyBytes}\r\n\r\n`);
    client.socket.on("drain", push);
    push();
  }
  await Promise.all(clients.map((client) => client.over));
  const complete = clients.filter((client) => client.text.includes(`"bytes":${bodyBytes},`)).length;
  for (const client of clients) client.destroy();
  return { complete, growthBytes: watch.stop(), seconds: (performance.now() - startedMs) / 1000 };
}

export interface PipelineResult {
  readonly sentBytes: number;
  readonly growthBytes: number;
  readonly isCut: boolean;
}

/** One client that sends `request` on and on and reads no answer, for `mostMs` or until it is cut. */
export async function floodPipeline(gateway: GatewayProcess, request: string, mostMs: number): Promise<PipelineResult> {
  const watch = new MemoryWatch(gateway);
  const client = new RawConnection(gateway.port, { paused: true });
  await client.opened;
  const requests = request.repeat(1000);
  const deadline = performance.now() + mostMs;
  while (performance.now() < deadline && !client.isOver) {
    const goesOn = client.send(requests);
    await (goesOn ? new Promise((resolve) => setImmediate(resolve)) : sleep(20));
    // What the kernel takes no more of waits in this process: enough of it.
    if (client.socket.writableLength > 4 * 1024 * 1024) await sleep(100);
  }
  const result = { sentBytes: client.socket.bytesWritten - client.socket.writableLength, growthBytes: watch.stop(), isCut: client.isOver };
  client.destroy();
  return result;
}
