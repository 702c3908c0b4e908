// The layers of src/, lowest first, and which imports they allow. The order is the one of ARCHITECTURE.md; a new room is added here.
import { posix } from "node:path";
import { blankOut, isCompanion, lineOf, type SourceFile } from "./source-files.ts";

export const LAYERS = [
  "base",
  "http",
  "transport",
  "tls",
  "websocket",
  "http1",
  "http2",
  "router",
  "limits",
  "config",
  "pipeline",
  "upstreams",
  "calls",
  "stores",
  "tokens",
  "identity",
  "policies",
  "telemetry",
  "protocols",
  "gateway",
  "control",
  "processes",
  "testing",
  "inspect",
  "cli",
  "verify",
] as const;

// Narrower than the order alone: these know only the words, so that anything may be built on them.
const NARROW: Readonly<Record<string, readonly string[]>> = {
  router: ["base", "http"],
  limits: ["base"],
  config: ["base", "http", "router", "limits"],
  telemetry: ["base", "http"],
  calls: ["base"],
  stores: ["base", "limits"],
  tokens: ["base"],
  // For services: what they install of it is all that it needs.
  verify: ["base", "tokens"],
};

// Rooms whose parts are features that do not know each other.
const FEATURE_ROOMS = ["policies"];

export interface Import {
  readonly from: string;
  readonly specifier: string;
  readonly line: number;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']|(?:^|\n)\s*import\s*["']([^"']+)["']|\bimport\s*\(\s*["']([^"']+)["']/g;

export function listImports(file: SourceFile): Import[] {
  const code = blankOut(file.text, ["comment"]);
  return [...code.matchAll(IMPORT)].map((match) => ({
    from: file.path,
    specifier: match[1] ?? match[2] ?? match[3] ?? "",
    line: lineOf(code, match.index + match[0].length),
  }));
}

/** What is wrong with an import, in a sentence that says what to do instead; null when nothing is. */
export function checkImport({ from, specifier, line }: Import): string | null {
  if (!specifier.startsWith(".")) return null;
  const target = posix.normalize(posix.join(posix.dirname(from), specifier));
  const where = `${from}:${line} imports ${specifier}`;
  if (!target.startsWith("src/")) {
    const isManifest = target === "package.json";
    const isTestData = isCompanion(from);
    return isManifest || isTestData ? null : `${where}: src/ may not reach outside itself; what it needs belongs into a room.`;
  }
  const [room, targetRoom] = [roomOf(from), roomOf(target)];
  // src/index.ts is the public surface: it may show any room, by its door.
  if (room === "index.ts") return checkDoor(where, target);
  if (targetRoom === "index.ts") return `${where}: src/index.ts is for those outside; import the room itself.`;
  if (room === targetRoom) return checkFeature(where, room, from, target);
  const unknown = [room, targetRoom].find((name) => !LAYERS.includes(name as (typeof LAYERS)[number]));
  if (unknown !== undefined)
    return `${where}: "${unknown}" has no layer; give it its place in test/architecture/layers.ts and ARCHITECTURE.md.`;
  const allowed = listAllowed(room);
  if (!isAllowed(room, targetRoom, isCompanion(from))) {
    return `${where}: "${room}" may import ${allowed.length === 0 ? "no room" : allowed.join(", ")}; not "${targetRoom}", which stands above it. Pass what is needed in, or move it down.`;
  }
  return checkDoor(where, target);
}

function listAllowed(room: string): readonly string[] {
  return NARROW[room] ?? LAYERS.slice(0, LAYERS.indexOf(room as (typeof LAYERS)[number]));
}

function isAllowed(room: string, target: string, companion: boolean): boolean {
  if (listAllowed(room).includes(target)) return true;
  // Tests of a room may use the users' kit, and rooms that are narrow only in what ships.
  return companion && (target === "testing" || LAYERS.indexOf(target as never) < LAYERS.indexOf(room as never));
}

function checkDoor(where: string, target: string): string | null {
  return target.endsWith("/index.ts") ? null : `${where}: a room is entered by its index.ts only; export there what others may use.`;
}

function checkFeature(where: string, room: string, from: string, target: string): string | null {
  if (!FEATURE_ROOMS.includes(room)) return null;
  const [feature, targetFeature] = [from, target].map((path) => path.split("/").slice(2, -1).join("/"));
  // The list of what ships, and what lies directly in the room, know all features; the features know none.
  if (feature === targetFeature || feature === "" || targetFeature === "") return null;
  return `${where}: features of "${room}" do not know each other; what both need belongs into a lower room.`;
}

function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}
