// Points of Ed25519 that are no keys: of small order, so that signatures hold for almost any text (RFC 8032 leaves it to users to refuse
// them; "Taming the many EdDSAs", 2020, table 1). An issuer publishes one by mistake or not at all.

/** y in hexadecimal, little-endian, without the sign of x; also those above the field's prime, which some readers reduce. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  `00${"00".repeat(31)}`,
  `01${"00".repeat(31)}`,
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
]);

/** Of 32 bytes. */
export function isWeakPoint(point: Uint8Array): boolean {
  const y = Buffer.from(point);
  y[31] = (y[31] as number) & 0x7f;
  return SMALL_ORDER.has(y.toString("hex"));
}
