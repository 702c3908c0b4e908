// Lines that stand together in many messages, as the bytes of their literals. @hot
//
// A client sends the same lines with each request, and a service with each answer, but for a few. Those lie in a slot by their *shape*, the
// names and the lengths of the values, which is cheap to have; whether they are the same is told by comparing the text. A line that turns out
// to change while the shape stays (a trace id, Date) is from then on written by itself, so that it does not spoil the ones around it.
// Credentials never come here. Bounded in slots and bytes.

import { Buffer } from "node:buffer";
import { hashFolded } from "../../http/index.ts";
import { SECRET_NAMES } from "./name-codes.ts";

/** Both powers of two. */
const RUN_SLOTS = 256;
const NAME_SLOTS = 256;
const MAX_RUN_UNITS = 2048;
/** As often a line has been seen to change before it is written by itself. */
const CHANGES = 3;
/** What once changed gets another chance after so many lines that were written by themselves. */
const FORGET_AFTER = 1 << 20;

/** By name: whether it may be one of a secret, and in the other bits how often its line has changed. */
const MAY_BE_SECRET = 0x80;
const names = new Uint8Array(NAME_SLOTS);
let apart = 0;

/** The shape that a slot saw last, and of a slot in use the shape, the text and the bytes that it holds. */
const seen = new Int32Array(RUN_SLOTS);
const shapes = new Int32Array(RUN_SLOTS);
const texts: string[] = new Array<string>(RUN_SLOTS).fill("");
const coded: (Uint8Array | null)[] = new Array<Uint8Array | null>(RUN_SLOTS).fill(null);

for (let i = 0; i < SECRET_NAMES.length; i++) names[nameSlot(hashFolded(SECRET_NAMES[i]!, 0, SECRET_NAMES[i]!.length))] = MAY_BE_SECRET;

/** Whether a line must be looked at before it may become part of a run, by the folded hash of its name. */
export function isSuspect(hash: number): boolean {
  return names[nameSlot(hash)]! >= CHANGES;
}

/** Whether its line changes from message to message. Asked of suspects. */
export function changes(hash: number): boolean {
  if ((names[nameSlot(hash)]! & ~MAY_BE_SECRET) < CHANGES) return false;
  if (++apart === FORGET_AFTER) forgetChanges();
  return true;
}

/** The bytes of the run `text`, which has this shape; or null. */
export function findRun(shape: number, text: string): Uint8Array | null {
  const slot = runSlot(shape);
  return coded[slot] !== null && texts[slot] === text ? coded[slot]! : null;
}

/** Where the run that findRun did not find differs from the one of the same shape that is here; -1 when there is none. */
export function findChange(shape: number, text: string): number {
  const slot = runSlot(shape);
  const other = texts[slot]!;
  if (coded[slot] === null || shapes[slot] !== shape || other.length !== text.length) return -1;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== other.charCodeAt(i)) return i;
  return -1;
}

/** Notes that the line of a name has changed. */
export function noteChange(hash: number): void {
  const slot = nameSlot(hash);
  if ((names[slot]! & ~MAY_BE_SECRET) < CHANGES) names[slot]!++;
}

/** Keeps the bytes of a run whose shape comes for the second time in a row. */
export function keepRun(shape: number, text: string, bytes: Uint8Array): void {
  const slot = runSlot(shape);
  if (seen[slot] !== shape) {
    seen[slot] = shape;
    return;
  }
  if (text.length > MAX_RUN_UNITS) return;
  shapes[slot] = shape;
  // Copies: a slice would keep the whole head alive, a view the buffer.
  const flat = Buffer.from(text, "latin1");
  texts[slot] = Buffer.prototype.latin1Slice.call(flat, 0, flat.length);
  coded[slot] = new Uint8Array(bytes);
}

function forgetChanges(): void {
  apart = 0;
  for (let slot = 0; slot < NAME_SLOTS; slot++) names[slot]! &= MAY_BE_SECRET;
}

function nameSlot(hash: number): number {
  return (hash ^ (hash >>> 15)) & (NAME_SLOTS - 1);
}

function runSlot(shape: number): number {
  return (shape ^ (shape >>> 15)) & (RUN_SLOTS - 1);
}
