// Documentation and source say the same: generated pages are what the generator would write, every dependency and fault is described.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatAdminApi } from "../../scripts/admin-api-page.ts";
import { formatConfigurationPage, formatConfigurationSchema, formatTeamSchema } from "../../scripts/configuration-page.ts";
import { formatFaultPage, loadFaults } from "../../scripts/fault-page.ts";
import { formatIssuePage } from "../../scripts/issue-page.ts";
import { formatRouteTestsPage, formatRouteTestsSchema } from "../../scripts/route-tests-page.ts";
import { listFaults } from "../../src/base/index.ts";
import { describeConfiguration } from "../../src/config/index.ts";
import { listFiles, listSourceFiles, ROOT } from "./source-files.ts";

// The second word of a code tells which door to open: a room, or a policy; where it is not simply the folder's name, the folder stands here.
const ROOM_OF_WORD: Readonly<Record<string, string>> = {
  H1: "http1",
  H2: "http2",
  WS: "websocket",
  PROXY: "transport",
  URI: "http",
  ROUTE: "router",
  ROUTE_BOUNDS: "route-bounds",
  UPSTREAM: "upstreams",
  CLIENT: "pipeline",
  EXCHANGE: "pipeline",
  AUTH: "identity",
  INTERNAL_TOKEN: "internal-token",
  LIMIT: "rate-limits",
  OVERLOADED: "load-shedding",
};

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

await loadFaults();

describe("the reference of issues", () => {
  it("is what npm run docs writes", () => {
    assert.equal(read("docs/reference/issues.md"), formatIssuePage(), "run npm run docs and commit the page");
  });
});

describe("the reference of faults", () => {
  it("is what npm run docs writes", () => {
    assert.equal(read("docs/reference/faults.md"), formatFaultPage(), "run npm run docs and commit the page");
  });

  it("has a remedy and a title for each", () => {
    const wrong = listFaults().filter(({ title, remedy }) => !/^[A-Z]/.test(title) || remedy.trim().length < 20);
    assert.deepEqual(
      wrong.map(({ code }) => code),
      [],
      "a title is a sentence; a remedy tells an operator what to look at",
    );
  });

  it("leads from each code to a room", () => {
    const folders = listSourceFiles("src").map(({ path }) => path.split("/"));
    const rooms = new Set(folders.map(([, room, policy = ""]) => (room === "policies" || room === "protocols" ? policy : room)));
    const wrong = listFaults().filter(({ code }) => {
      const [, word = "", next = ""] = code.split("_");
      return !rooms.has(ROOM_OF_WORD[`${word}_${next}`] ?? ROOM_OF_WORD[word] ?? word.toLowerCase());
    });
    assert.deepEqual(
      wrong.map(({ code }) => code),
      [],
    );
  });
});

describe("the reference of configurations", () => {
  it("is what npm run docs writes", () => {
    assert.equal(read("docs/reference/configuration.md"), formatConfigurationPage(), "run npm run docs and commit the page");
    assert.equal(read("docs/reference/gateway.schema.json"), formatConfigurationSchema(), "run npm run docs and commit the schema");
    assert.equal(read("docs/reference/team.schema.json"), formatTeamSchema(), "run npm run docs and commit the schema");
  });

  it("leads from each map to the one section that tells its keys", () => {
    const page = formatConfigurationPage();
    const anchors = [...page.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id);
    assert.ok(anchors.length > 40);
    assert.equal(new Set(anchors).size, anchors.length);
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, id]) => id);
    assert.deepEqual(
      links.filter((id) => !anchors.includes(id)),
      [],
    );
    assert.deepEqual(
      anchors.filter((id) => !links.includes(id) && !["file", "team-file", "team"].includes(id ?? "")),
      [],
    );
  });

  it("has every key of the language", () => {
    const page = formatConfigurationPage();
    const keys = new Set<string>();
    JSON.stringify(describeConfiguration(), (key, value) => {
      if (key === "properties") for (const name of Object.keys(value)) keys.add(name);
      return value;
    });
    assert.deepEqual(
      [...keys].filter((key) => !page.includes(`| \`${key}\` |`)),
      [],
    );
  });
});

describe("the reference of the admin API", () => {
  it("is what npm run docs writes", () => {
    assert.equal(read("docs/reference/admin-openapi.json"), formatAdminApi(), "run npm run docs and commit the document");
  });
});

describe("the reference of route tests", () => {
  it("is what npm run docs writes", () => {
    assert.equal(read("docs/reference/route-tests.md"), formatRouteTestsPage(), "run npm run docs and commit the page");
    assert.equal(read("docs/reference/route-tests.schema.json"), formatRouteTestsSchema(), "run npm run docs and commit the schema");
  });
});

describe("the documentation", () => {
  it("has a line for each dependency, and none for others", () => {
    const manifest = JSON.parse(read("package.json")) as Record<
      "dependencies" | "devDependencies" | "optionalDependencies",
      Record<string, string>
    >;
    const used = [manifest.dependencies, manifest.devDependencies, manifest.optionalDependencies].flatMap(Object.keys).sort();
    const described = [...read("docs/dependencies.md").matchAll(/^\| ((?:`[^`]+`(?:, )?)+) +\|/gm)].flatMap(([, names = ""]) =>
      names.split(", ").map((name) => name.slice(1, -1)),
    );
    assert.deepEqual(described.sort(), used);
  });

  it("links only to what is there", () => {
    const broken: string[] = [];
    for (const page of ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", ...listFiles("docs").filter((path) => path.endsWith(".md"))]) {
      for (const [, target = ""] of read(page).matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)) {
        const path = join(page, "..", target);
        try {
          readFileSync(join(ROOT, path));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EISDIR") broken.push(`${page}: ${target}`);
        }
      }
    }
    assert.deepEqual(broken, []);
  });
});
