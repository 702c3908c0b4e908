// `sallyport hash-password`: what stands in a configuration in place of a password. It is read from standard input and never from the
// command line, which others on the machine can see; on a terminal it is asked for and not shown.

import { hashPassword as makeHash } from "../identity/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

/** Standard input, or a test's. */
export interface PasswordInput extends AsyncIterable<Uint8Array | string> {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
}

const MOST_BYTES = 1024;
const ENTER = 0x0d;
const LINE_END = 0x0a;
const INTERRUPT = 0x03;
const END = 0x04;
const BACKSPACE = [0x08, 0x7f];
// biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 7617 lets none of them stand in a password
const CONTROL = /[\u0000-\u001f\u007f]/;

export async function hashPassword(
  { values }: CommandLine,
  terminal: Terminal,
  input: PasswordInput = process.stdin,
  hashOf: (password: string) => Promise<string> = makeHash,
): Promise<number> {
  const isJson = values["json"] === true;
  const refuse = (problem: string) => refuseUsage(terminal, problem, isJson);
  if (input.isTTY === true) terminal.err("Password, then Enter; nothing is shown:");
  const bytes = input.isTTY === true ? await readHidden(input) : await readAll(input);
  if (bytes === null) return refuse("no password was given");
  if (bytes.length > MOST_BYTES) return refuse(`a password has ${MOST_BYTES} bytes at most`);
  const password = decode(bytes);
  if (password === null) return refuse("the password is no UTF-8");
  if (password === "") return refuse("no password was given");
  if (CONTROL.test(password))
    return refuse("the password holds a control character, or more than one line: clients can't send that (RFC 7617)");
  const hash = await hashOf(password);
  terminal.out(isJson ? JSON.stringify({ ok: true, hash }) : hash);
  return EXIT_OK;
}

/** All of it, without one line end behind it; what is far too long is not read to its end. */
async function readAll(input: PasswordInput): Promise<Uint8Array> {
  const bytes: number[] = [];
  for await (const chunk of input) {
    for (const byte of toBytes(chunk)) bytes.push(byte);
    if (bytes.length > MOST_BYTES + 2) break;
  }
  if (bytes.at(-1) === LINE_END) bytes.pop();
  if (bytes.at(-1) === ENTER) bytes.pop();
  return Uint8Array.from(bytes);
}

/** Key by key, until Enter. Null: interrupted. */
async function readHidden(input: PasswordInput): Promise<Uint8Array | null> {
  const bytes: number[] = [];
  input.setRawMode?.(true);
  try {
    for await (const chunk of input) {
      for (const byte of toBytes(chunk)) {
        if (byte === ENTER || byte === LINE_END || byte === END) return Uint8Array.from(bytes);
        if (byte === INTERRUPT) return null;
        if (BACKSPACE.includes(byte)) takeBack(bytes);
        else bytes.push(byte);
      }
    }
  } finally {
    input.setRawMode?.(false);
  }
  return Uint8Array.from(bytes);
}

/** The last character, all bytes of it. */
function takeBack(bytes: number[]): void {
  let last = bytes.pop();
  while (last !== undefined && last >= 0x80 && last < 0xc0) last = bytes.pop();
}

function toBytes(chunk: Uint8Array | string): Uint8Array {
  return typeof chunk === "string" ? Buffer.from(chunk, "utf8") : chunk;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
