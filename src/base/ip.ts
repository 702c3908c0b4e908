// IP addresses as text: strict parsing (RFC 4291 2.2, RFC 6943 3.1.1), one canonical spelling (RFC 5952), and networks.
// An IPv4-mapped address is the IPv4 address everywhere, so that a dual-stack socket can't slip past a rule.
// Zones ("%eth0"), brackets and ports are not part of an address here; who reads such text takes them off.

/** Four (IPv4: three zeros and the address) big-endian words. */
type Words = readonly [number, number, number, number];

export interface Cidr {
  readonly version: 4 | 6;
  /** The network's first address, as unsigned 32-bit words, most significant first; one word for IPv4, four for IPv6. */
  readonly words: readonly number[];
  /** 0..32 or 0..128. */
  readonly prefix: number;
  /** Bits were set behind the prefix (10.0.0.5/8) and have been dropped: perhaps not what its author meant. */
  readonly hadHostBits: boolean;
}

const DOT = 0x2e;
const COLON = 0x3a;

/** The IPv4 address as an unsigned 32-bit number, or -1. Four decimal octets, no leading zeros (which inet_aton reads as octal). */
export function parseIpv4(text: string): number {
  return parseDottedQuad(text, 0);
}

function parseDottedQuad(text: string, from: number): number {
  const length = text.length;
  if (length - from > 15) return -1;
  let address = 0;
  let octet = -1;
  let dots = 0;
  for (let i = from; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === DOT) {
      if (octet < 0 || dots === 3) return -1;
      address = address * 256 + octet;
      octet = -1;
      dots++;
    } else {
      const digit = unit - 0x30;
      if (digit < 0 || digit > 9 || octet === 0) return -1;
      octet = octet < 0 ? digit : octet * 10 + digit;
      if (octet > 255) return -1;
    }
  }
  return dots === 3 && octet >= 0 ? address * 256 + octet : -1;
}

function hexDigit(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

// One address at a time is taken apart, and only within one synchronous call: no array is made per look-up.
const groups = new Uint16Array(8);

/** Fills `groups`; false when the text is not an IPv6 address. */
function parseGroups(text: string): boolean {
  const length = text.length;
  if (length < 2 || length > 45) return false;
  let count = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === COLON) {
    if (text.charCodeAt(1) !== COLON) return false;
    gap = 0;
    i = 2;
  }
  while (i < length) {
    if (count === 8) return false;
    const start = i;
    let value = 0;
    while (i < length) {
      const digit = hexDigit(text.charCodeAt(i));
      if (digit < 0) break;
      value = value * 16 + digit;
      i++;
    }
    if (i < length && text.charCodeAt(i) === DOT) {
      const quad = count <= 6 ? parseDottedQuad(text, start) : -1;
      if (quad < 0) return false;
      groups[count++] = quad >>> 16;
      groups[count++] = quad & 0xffff;
      break;
    }
    if (i === start || i - start > 4) return false;
    groups[count++] = value;
    if (i === length) break;
    if (text.charCodeAt(i) !== COLON) return false;
    i++;
    if (i === length) return false;
    if (text.charCodeAt(i) === COLON) {
      if (gap >= 0) return false;
      gap = count;
      i++;
    }
  }
  if (gap < 0) return count === 8;
  // "::" stands for at least one group.
  if (count === 8) return false;
  groups.copyWithin(gap + 8 - count, gap, count);
  groups.fill(0, gap, gap + 8 - count);
  return true;
}

function wordAt(index: number): number {
  return ((groups[2 * index] ?? 0) * 65536 + (groups[2 * index + 1] ?? 0)) >>> 0;
}

function isMapped(): boolean {
  return wordAt(0) === 0 && wordAt(1) === 0 && wordAt(2) === 0xffff;
}

function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as "::". */
function formatGroups(): string {
  let bestAt = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > bestLength) {
      bestAt = i;
      bestLength = end - i;
    }
    if (end > i) i = end;
  }
  let text = "";
  for (let i = 0; i < 8; i++) {
    if (i === bestAt) {
      text += "::";
      i += bestLength - 1;
    } else {
      text += (text === "" || text.endsWith(":") ? "" : ":") + (groups[i] ?? 0).toString(16);
    }
  }
  return text;
}

/** The one spelling of an address (IPv4 dotted, IPv6 by RFC 5952), or null when the text is not an address. */
export function canonicalIp(text: string): string | null {
  if (text.indexOf(":") < 0) return parseDottedQuad(text, 0) < 0 ? null : text;
  if (!parseGroups(text)) return null;
  return isMapped() ? formatIpv4(wordAt(3)) : formatGroups();
}

/**
 * What to count an address under: an IPv4 address as it is, an IPv6 address as its /64, which is what one client has
 * to itself, unless other lengths are asked for. Text that is not an address counts under itself.
 */
export function ipKey(address: string, v4Bits = 32, v6Bits = 64): string {
  if (address.indexOf(":") < 0) {
    if (v4Bits === 32) return address;
    const quad = parseDottedQuad(address, 0);
    return quad < 0 ? address : ipv4Key(quad, v4Bits);
  }
  if (!parseGroups(address)) return address;
  if (isMapped()) return ipv4Key(wordAt(3), v4Bits);
  if (v6Bits === 128) return formatGroups();
  const cut = v6Bits >> 4;
  if ((v6Bits & 15) === 0) groups.fill(0, cut);
  else {
    groups[cut]! &= 0xffff << (16 - (v6Bits & 15));
    groups.fill(0, cut + 1);
  }
  return `${formatGroups()}/${v6Bits}`;
}

function ipv4Key(quad: number, bits: number): string {
  return bits === 32 ? formatIpv4(quad) : `${formatIpv4((quad & maskWord(bits, 0)) >>> 0)}/${bits}`;
}

function maskWord(prefix: number, index: number): number {
  const bits = Math.min(32, Math.max(0, prefix - 32 * index));
  return bits === 0 ? 0 : (-1 << (32 - bits)) >>> 0;
}

/** An address with or without "/prefix"; without, the one address alone. Null when the text is neither. */
export function parseCidr(text: string): Cidr | null {
  const slash = text.indexOf("/");
  const address = slash < 0 ? text : text.slice(0, slash);
  const prefixText = slash < 0 ? null : text.slice(slash + 1);
  if (prefixText !== null && !/^(?:0|[1-9][0-9]{0,2})$/.test(prefixText)) return null;
  const quad = parseIpv4(address);
  if (quad < 0 && !parseGroups(address)) return null;
  let version: 4 | 6 = quad < 0 ? 6 : 4;
  let words = quad < 0 ? [wordAt(0), wordAt(1), wordAt(2), wordAt(3)] : [quad];
  let prefix = prefixText === null ? 32 * words.length : Number(prefixText);
  if (prefix > 32 * words.length) return null;
  if (version === 6 && prefix >= 96 && isMapped()) {
    version = 4;
    words = words.slice(3);
    prefix -= 96;
  }
  const network = words.map((word, index) => (word & maskWord(prefix, index)) >>> 0);
  return { version, words: network, prefix, hadHostBits: network.some((word, index) => word !== words[index]) };
}

/** Ranges of addresses in rising order, none of which touches another's. CIDRs nest or are apart, so this only drops the nested. */
interface Ranges {
  readonly first: readonly Words[];
  readonly last: readonly Words[];
}

function compareWords(a: Words, b: Words): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2] || a[3] - b[3];
}

function compileRanges(cidrs: readonly Cidr[]): Ranges {
  const all = cidrs.map((cidr) => {
    const skipped = 4 - cidr.words.length;
    const at = (index: number) => cidr.words[index - skipped] ?? 0;
    const end = (index: number) => (index < skipped ? 0 : (at(index) | ~maskWord(cidr.prefix, index - skipped)) >>> 0);
    return { first: [at(0), at(1), at(2), at(3)] as const, last: [end(0), end(1), end(2), end(3)] as const };
  });
  // The wider of two that begin together comes first and swallows the other.
  all.sort((a, b) => compareWords(a.first, b.first) || compareWords(b.last, a.last));
  const first: Words[] = [];
  const last: Words[] = [];
  for (const range of all) {
    const previous = last.at(-1);
    if (previous !== undefined && compareWords(range.last, previous) <= 0) continue;
    first.push(range.first);
    last.push(range.last);
  }
  return { first, last };
}

/** Networks compiled for the question whether an address lies in one of them: a binary search, the first of it on numbers alone. */
export class CidrSet {
  readonly #first4: Uint32Array;
  readonly #last4: Uint32Array;
  readonly #ranges6: Ranges;

  constructor(cidrs: readonly Cidr[]) {
    const ranges4 = compileRanges(cidrs.filter((cidr) => cidr.version === 4));
    this.#first4 = Uint32Array.from(ranges4.first, (words) => words[3]);
    this.#last4 = Uint32Array.from(ranges4.last, (words) => words[3]);
    this.#ranges6 = compileRanges(cidrs.filter((cidr) => cidr.version === 6));
  }

  /** Compiles texts that have been checked before. Throws on one that parseCidr refuses. */
  static of(...texts: readonly string[]): CidrSet {
    return new CidrSet(
      texts.map((text) => {
        const cidr = parseCidr(text);
        if (cidr === null) throw new Error(`a network must be an IP address with or without /prefix; got ${JSON.stringify(text)}`);
        return cidr;
      }),
    );
  }

  get isEmpty(): boolean {
    return this.#first4.length === 0 && this.#ranges6.first.length === 0;
  }

  /** False for text that is not an address. */
  has(address: string): boolean {
    const quad = parseDottedQuad(address, 0);
    if (quad >= 0) return this.#has4(quad);
    if (!parseGroups(address)) return false;
    if (isMapped()) return this.#has4(wordAt(3));
    const words: Words = [wordAt(0), wordAt(1), wordAt(2), wordAt(3)];
    const { first, last } = this.#ranges6;
    let low = 0;
    let high = first.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareWords(first[middle] as Words, words) <= 0) low = middle + 1;
      else high = middle;
    }
    return low > 0 && compareWords(words, last[low - 1] as Words) <= 0;
  }

  #has4(address: number): boolean {
    let low = 0;
    let high = this.#first4.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#first4[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low > 0 && address <= (this.#last4[low - 1] ?? 0);
  }
}
