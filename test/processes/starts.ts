// From the start of a gateway's process to the first request that it answers, as the one who waits for it sees it.

import { get } from "node:http";
import { freePort, type Stage, sleep } from "../e2e/processes.ts";
import { fixtureYaml } from "./gateway-fixture.ts";

const MOST_MS = 60_000;

/** One start after the other; milliseconds, the shortest first. */
export async function measureStarts(stage: Stage, count: number): Promise<{ readonly sorted: readonly number[] }> {
  const upstream = await stage.startService();
  const tookMs: number[] = [];
  for (let index = 0; index < count; index++) {
    const port = await freePort();
    const file = stage.writeConfig(fixtureYaml(1, { upstream, port }));
    const startedMs = performance.now();
    const gateway = stage.launchGateway(file);
    while (!(await isAnswered(port))) {
      if (performance.now() - startedMs > MOST_MS) throw new Error(`no answer: ${gateway.err}`);
      await sleep(2);
    }
    tookMs.push(performance.now() - startedMs);
    await gateway.stop();
  }
  return { sorted: tookMs.sort((a, b) => a - b) };
}

function isAnswered(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: "127.0.0.1", port, path: "/", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on("error", () => resolve(false));
  });
}
