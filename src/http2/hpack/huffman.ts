// The Huffman code of RFC 7541 5.2 and appendix B, decoded byte by byte over a table of states. @hot
//
// A state is an inner node of the code's tree, the bits read of a symbol that is not over yet. There are 256 of them, and for each
// of them and each next byte the table says which symbols are over (two at most: the shortest have five bits) and what state follows.

const SYMBOLS = 256;
const EOS = 256;

/** Bits of each symbol's code and at last of EOS, a letter each: A is 5, Z is 30. Codes are canonical, so their lengths tell them. */
const LENGTHS =
  "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHF" +
  "IBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJIX" +
  "PRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRS" +
  "VVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWVZ";

const codes = new Uint32Array(SYMBOLS + 1);
const lengths = new Uint8Array(SYMBOLS + 1);

/**
 * By state and byte: the state that follows, in bits 0-7; the first symbol that is over, 8-15; the second, 16-23; how many are, 24-25.
 * 0 where nobody has come by yet, which is no step: eight bits either end a symbol or lead away from the root. Worked out when first
 * met: all 65,536 would cost each start of the program 10 ms, and text comes by a few hundred of them.
 */
const steps = new Int32Array(SYMBOLS * 256);
const FIRST_SHIFT = 8;
const SECOND_SHIFT = 16;
const COUNT_SHIFT = 24;
/** The step of a byte that completes EOS, which no string may hold (5.2). */
const FAILS = 1 << 26;
/** Two numbers a node of the tree, what follows on 0 and on 1: another inner node, or ~symbol. The root is 0. */
const tree = new Int32Array(SYMBOLS * 2);
/** States in which a string may end: fewer than eight bits, all ones, have begun a symbol. */
const ends = new Uint8Array(SYMBOLS);

buildCodes();
buildTree();

/** Writes what `bytes[from, to)` stands for into `target` from 0 on; returns its length, or -1 for a coding error. `target` holds decodedBound() bytes. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, target: Uint8Array): number {
  let state = 0;
  let length = 0;
  for (let at = from; at < to; at++) {
    let step = steps[(state << 8) | bytes[at]!]!;
    if (step === 0) step = learnStep(state, bytes[at]!);
    if (step === FAILS) return -1;
    state = step & 0xff;
    // Written whether or not there are two symbols: what is too much is written over, and cheaper than asking.
    target[length] = step >>> FIRST_SHIFT;
    target[length + 1] = step >>> SECOND_SHIFT;
    length += step >>> COUNT_SHIFT;
  }
  return ends[state] === 1 ? length : -1;
}

/** Bytes that decodeHuffman may write for `length` bytes. */
export function decodedBound(length: number): number {
  return length * 2 + 2;
}

/** Bytes of the coded `text`, padding included. */
export function huffmanLength(text: string): number {
  let bits = 0;
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i) & 0xff]!;
  return (bits + 7) >>> 3;
}

/** Writes `text` coded at `bytes[at]`; returns where what follows goes. */
export function writeHuffman(bytes: Uint8Array, at: number, text: string): number {
  let end = at;
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff;
    const code = codes[symbol]!;
    // Fewer than eight bits wait, a code has up to 30: it goes byte by byte so that no shift needs more than 31.
    for (let left = lengths[symbol]!; left > 0; ) {
      const taken = Math.min(8 - bits, left);
      left -= taken;
      pending = (pending << taken) | ((code >>> left) & ((1 << taken) - 1));
      bits += taken;
      if (bits < 8) continue;
      bytes[end++] = pending;
      pending = 0;
      bits = 0;
    }
  }
  if (bits > 0) bytes[end++] = (pending << (8 - bits)) | (0xff >>> bits);
  return end;
}

/** Canonical: of the same length in the order of the symbols, each the one before and one more. */
function buildCodes(): void {
  let code = 0;
  for (let length = 1; length <= 30; length++, code *= 2) {
    for (let symbol = 0; symbol <= EOS; symbol++) {
      if (LENGTHS.charCodeAt(symbol) - 0x41 + 5 !== length) continue;
      codes[symbol] = code++;
      lengths[symbol] = length;
    }
  }
}

function buildTree(): void {
  let nodes = 1;
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let left = lengths[symbol]! - 1; left > 0; left--) {
      const branch = node * 2 + ((codes[symbol]! >>> left) & 1);
      if (tree[branch] === 0) tree[branch] = nodes++;
      node = tree[branch]!;
    }
    tree[node * 2 + (codes[symbol]! & 1)] = ~symbol;
  }
  for (let node = 0, depth = 0; depth < 8; depth++, node = tree[node * 2 + 1]!) ends[node] = 1;
}

function learnStep(state: number, byte: number): number {
  let node = state;
  let count = 0;
  let symbols = 0;
  for (let bit = 7; bit >= 0; bit--) {
    const next = tree[node * 2 + ((byte >>> bit) & 1)]!;
    if (next >= 0) {
      node = next;
      continue;
    }
    if (~next === EOS) {
      steps[(state << 8) | byte] = FAILS;
      return FAILS;
    }
    symbols |= ~next << (count++ === 0 ? FIRST_SHIFT : SECOND_SHIFT);
    node = 0;
  }
  const step = symbols | (count << COUNT_SHIFT) | node;
  steps[(state << 8) | byte] = step;
  return step;
}
