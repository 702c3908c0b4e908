// For tests: writes DER that no tool would write, to see that it is refused.

/** A value of these parts; numbers are bytes, texts are latin1. */
export function der(tag: number, ...parts: readonly (Uint8Array | string | readonly number[])[]): Uint8Array {
  const content = Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part, "latin1") : Uint8Array.from(part))));
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Uint8Array.from([tag, ...size, ...content]);
}

/** Of `1.2.840.10045.4.3.2` and the like. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [40 * first + second, ...rest].flatMap((part) => {
    const groups = [part & 0x7f];
    for (let left = Math.floor(part / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left & 0x7f) | 0x80);
    return groups;
  });
  return der(0x06, bytes);
}

export const ECDSA_SHA256 = der(0x30, oid("1.2.840.10045.4.3.2"));
export const ECDSA_SHA384 = der(0x30, oid("1.2.840.10045.4.3.3"));

/** A Name with one common name; `tag` is the kind of its string. */
export function commonName(text: string, tag = 0x0c): Uint8Array {
  return der(0x30, der(0x31, der(0x30, oid("2.5.4.3"), der(tag, text))));
}

export function extension(id: string, value: Uint8Array, critical: readonly Uint8Array[] = []): Uint8Array {
  return der(0x30, oid(id), ...critical, der(0x04, value));
}

export interface CertificateParts {
  readonly version?: readonly Uint8Array[];
  readonly serial?: Uint8Array;
  readonly innerAlgorithm?: Uint8Array;
  readonly subject?: Uint8Array;
  readonly extensions?: readonly Uint8Array[];
  readonly behind?: readonly Uint8Array[];
}

/** A certificate that nobody signed. */
export function writeCertificate(parts: CertificateParts = {}): Uint8Array {
  const {
    version = [der(0xa0, der(0x02, [2]))],
    serial = der(0x02, [5]),
    innerAlgorithm = ECDSA_SHA256,
    subject = commonName("x"),
  } = parts;
  const validity = der(0x30, der(0x17, "260101000000Z"), der(0x17, "270101000000Z"));
  const key = der(0x30, der(0x30, oid("1.2.840.10045.2.1")), der(0x03, [0, 4]));
  const extensions = parts.extensions === undefined ? [] : [der(0xa3, der(0x30, ...parts.extensions))];
  const body = der(
    0x30,
    ...version,
    serial,
    innerAlgorithm,
    commonName("issuer"),
    validity,
    subject,
    key,
    ...extensions,
    ...(parts.behind ?? []),
  );
  return der(0x30, body, ECDSA_SHA256, der(0x03, [0, 1]));
}

export interface ListParts {
  readonly version?: readonly Uint8Array[];
  readonly innerAlgorithm?: Uint8Array;
  readonly entries?: readonly Uint8Array[];
  readonly extensions?: readonly Uint8Array[];
  readonly signature?: Uint8Array;
}

/** A revocation list that nobody signed. */
export function writeList(parts: ListParts = {}): Uint8Array {
  const { version = [der(0x02, [1])], innerAlgorithm = ECDSA_SHA256, signature = der(0x03, [0, 1]) } = parts;
  const entries = parts.entries === undefined ? [] : [der(0x30, ...parts.entries)];
  const extensions = parts.extensions === undefined ? [] : [der(0xa0, der(0x30, ...parts.extensions))];
  const body = der(0x30, ...version, innerAlgorithm, commonName("issuer"), der(0x17, "260101000000Z"), ...entries, ...extensions);
  return der(0x30, body, ECDSA_SHA256, signature);
}
