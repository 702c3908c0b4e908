// An Error for the number that a system call failed with, in the shape that both runtimes give theirs. No judgement of what it means.
import { getSystemErrorMap } from "node:util";

/** `errno` is positive, as the system has it. */
export function createSystemError(syscall: string, errno: number): Error & { code: string; syscall: string } {
  const [code, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, "unknown error"];
  return Object.assign(new Error(`${syscall}: ${text} (${code})`), { code, syscall });
}
