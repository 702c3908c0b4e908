// Types of runtime.mjs for the TypeScript that calls it: tests and scripts.

export interface FoundRuntime {
  readonly name: "bun" | "node";
  readonly path: string;
  readonly flags: readonly string[];
  /** Whether this process already is it. */
  readonly own: boolean;
  /** Why it is not the one that would come first. */
  readonly note?: string;
}

export interface NoRuntime {
  readonly problem: string;
  readonly exitCode: number;
}

export function findRuntime(wanted: string | undefined): FoundRuntime | NoRuntime;
export function listRuntimes(): { readonly bun: string | null; readonly node: string | null };
export function takeListenFds(env: Record<string, string | undefined>, pid: number, parent: number): number;
export function keepCompiledCode(runtime: FoundRuntime, env: Record<string, string | undefined>): void;
