// One request by hand over HTTP/2 with prior knowledge, the answer's body checked byte by byte: what h2load can't do. The raw end of the
// tests reads it, which shares no code with any contestant.
import { H2Client, type HPACK } from "../test/kit/index.ts";
import type { Probe } from "./probe.ts";

const TIMEOUT_MS = 5_000;

/** Size in bytes of a correct answer's body. Rejects when the status is not 200 or the body not the expected one. */
export async function probeH2({ port, path, headers, expectedBody }: Probe): Promise<number> {
  const client = await H2Client.open(port, { keepBytes: expectedBody.length + 1 });
  const fields = headers.map((header): HPACK.H2Field => {
    const [name = "", value = ""] = header.split(": ");
    return [name.toLowerCase(), value];
  });
  const head: HPACK.H2Field[] = [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", path],
    [":authority", `127.0.0.1:${port}`],
  ];
  const stream = client.request([...head, ...fields]);
  try {
    await client.until(() => stream.isOver || client.isClosed, TIMEOUT_MS, "a whole answer");
    if (stream.status !== 200) throw new Error(`status ${stream.status}`);
    if (!Buffer.concat(stream.chunks).equals(expectedBody)) throw new Error("another body than the upstream's");
    return stream.receivedBytes;
  } catch (error) {
    throw new Error(`GET ${path} over HTTP/2 on port ${port}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    client.destroy();
  }
}
