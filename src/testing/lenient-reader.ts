// How services behind a gateway may read a path: more freely than the gateway does. Written apart from the engine's own normalisation, so
// that it can't share its mistakes. Not a decoder of anything twice: what decodes twice misreads honest paths too.

/** The canonical paths that one service or another takes `path` for, each once. `parameters`: some cut `;…` off each segment. */
export function readLeniently(path: string, parameters: boolean): string[] {
  const decoded = decodeOnce(path).replaceAll("\\", "/");
  // Decoded, then slashes, backslashes and dots taken for what they look like; with empty segments and without.
  const texts = [decoded, ...(parameters ? [stripParameters(decoded)] : [])];
  const readings = texts.flatMap((text) => [resolveDots(text), resolveDots(text.replaceAll(/\/{2,}/g, "/"))]);
  // And one that leaves escapes alone, but for the dots.
  return [...new Set([...readings.map(encode), resolveDots(path.replaceAll(/%2e/gi, "."))])];
}

/** Byte by byte; what is no escape stays. */
function decodeOnce(path: string): string {
  const bytes = path.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}

/** `/a;x=1/..;/b` as `/a/../b`. */
function stripParameters(path: string): string {
  return path
    .split("/")
    .map((segment) => segment.split(";")[0] ?? "")
    .join("/");
}

function resolveDots(path: string): string {
  const out: string[] = [];
  const segments = path.split("/").slice(1);
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") out.pop();
    if (segment !== ".." && segment !== ".") out.push(segment);
    else if (isLast) out.push("");
  }
  return `/${out.join("/")}`;
}

function encode(path: string): string {
  return path
    .split("/")
    .map((segment) => encodeURIComponent(segment.toWellFormed()))
    .join("/");
}
