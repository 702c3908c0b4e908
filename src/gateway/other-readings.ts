// What else a service may take a path for, in normal form as it is: some merge slashes, some cut `;parameters` off each segment (Java's
// servlet containers), some decode `%2F` or `%3B` before they look. The gateway does none of it, so a path whose other readings belong to
// another route, or to none, would carry one route's policies to another's door. Few paths have any such reading.

const READERS: readonly ((path: string) => string)[] = [
  (path) => path.replaceAll("%2F", "/"),
  (path) => path.replaceAll(/(?:;|%3B)[^/]*/g, ""),
  (path) => path.replaceAll(/\/{2,}/g, "/"),
];

/** Whether the path has any: cheap, for every request. */
export function hasOtherReadings(path: string): boolean {
  return path.indexOf("//") >= 0 || path.indexOf(";") >= 0 || path.indexOf("%2F") >= 0 || path.indexOf("%3B") >= 0;
}

/** Each reading once, the path itself not among them. */
export function listOtherReadings(path: string): readonly string[] {
  const readings = new Set([path]);
  for (const read of READERS) for (const known of [...readings]) readings.add(read(known));
  readings.delete(path);
  return [...readings];
}
