// What a worker is told before its channel speaks: which descriptors it inherited. Written and read here.

const NAME = "SALLYPORT_WORKER";

export interface WorkerEnvironment {
  readonly slot: number;
  /** By the listener's name. */
  readonly descriptors: ReadonlyMap<string, number>;
}

export function writeWorkerEnvironment({ slot, descriptors }: WorkerEnvironment): Record<string, string> {
  return { [NAME]: JSON.stringify({ slot, descriptors: [...descriptors] }) };
}

/** Throws where this process is no worker. */
export function readWorkerEnvironment(env: Readonly<Record<string, string | undefined>>): WorkerEnvironment {
  const text = env[NAME];
  if (text === undefined) throw new Error("this program is started by the supervisor of a gateway: run `sallyport start FILE`");
  const { slot, descriptors } = JSON.parse(text) as { slot: number; descriptors: [string, number][] };
  return { slot, descriptors: new Map(descriptors) };
}
