// Every piece of configuration in the guide loads: nobody copies a mistake from there.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import {
  type ConfigHost,
  configurationJsonSchema,
  formatIssues,
  type LoadedConfig,
  loadConfig,
  parseConfig,
  systemConfigHost,
  teamJsonSchema,
} from "../../src/config/index.ts";
import { ROOT } from "./source-files.ts";

const GUIDE = readFileSync(join(ROOT, "docs/guides/configuration.md"), "utf8");
const FOLDER = "/etc/sallyport";
/** What the guide leaves out. An upstream that a piece doesn't use is said to be unused, and nothing else is said. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  version: "version: 1",
  listeners: "listeners: [{ name: http, address: 127.0.0.1:8080 }]",
  upstreams: `upstreams: { ${["catalog", "orders", "web"].map((name) => `${name}: { endpoints: [http://127.0.0.1:3000] }`).join(", ")} }`,
};
const ajv = new Ajv2020({ strict: false });
const isConfiguration = ajv.compile(configurationJsonSchema());
const isTeam = ajv.compile(teamJsonSchema());

interface Piece {
  readonly title: string;
  readonly text: string;
}

function listPieces(language: string): Piece[] {
  const titles = [...GUIDE.matchAll(/^## (.*)$/gm)];
  return [...GUIDE.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map((found, index) => {
    const title = titles.filter((each) => each.index < found.index).at(-1)?.[1] ?? "";
    return { title: `${index + 1}, ${title}`, text: found[1] ?? "" };
  });
}

const pieces = listPieces("yaml");
const teams = pieces.filter(({ text }) => /^team:/m.test(text));

function complete(text: string): string {
  const missing = Object.entries(LEFT_OUT).filter(([key]) => !new RegExp(`^${key}:`, "m").test(text));
  return `${text}${missing.map(([, line]) => `${line}\n`).join("")}`;
}

function load(text: string): LoadedConfig {
  const files = new Map(teams.map((team) => [`${FOLDER}/teams/catalog.yaml`, team.text]));
  const host: ConfigHost = {
    ...systemConfigHost(),
    env: { REGION: "eu", ADMIN_TOKEN: "0123456789abcdef", EAB_KEY: "a2V5" },
    nowMs: Date.UTC(2026, 0, 1),
    lastGood: null,
    listFolder: () => ["catalog.yaml"],
    readFile: (path) => Buffer.from(files.get(path) ?? (path.startsWith(`${FOLDER}/certs/`) ? "-----BEGIN CERTIFICATE-----" : "secret")),
  };
  return parseConfig(text, `${FOLDER}/gateway.yaml`, host);
}

function assertGood({ config, issues, isDegraded }: LoadedConfig): void {
  const said = issues.filter(({ code }) => code !== "SP_CONFIG_UNUSED");
  assert.ok(config !== null && !isDegraded && said.length === 0, formatIssues(said, { colour: false }));
  assert.ok(config.routes.length > 0 || config.listeners.length > 0);
}

describe("the guide to configuration", () => {
  it("shows a piece for each task", () => assert.ok(pieces.length >= 20));

  for (const { title, text } of pieces) {
    if (teams.some((team) => team.text === text)) {
      it(`shows a team's file that loads beside the gateway's: ${title}`, () => {
        const loaded = load(complete("gateway: { include: [teams/*.yaml] }\nupstreams: {}\n"));
        assertGood(loaded);
        assert.equal(loaded.teams.length, 1);
        assert.ok(isTeam(parse(text)), ajv.errorsText(isTeam.errors));
      });
      continue;
    }
    it(`shows what loads: ${title}`, () => {
      assertGood(load(complete(text)));
      assert.ok(isConfiguration(parse(complete(text))), ajv.errorsText(isConfiguration.errors));
    });
  }
});

describe("the guides to protocols, identity and limits", () => {
  for (const guide of [
    "http2",
    "grpc",
    "grpc-web",
    "websocket",
    "health-checks",
    "browser-login",
    "identity",
    "api-keys",
    "authorisation",
    "internal-tokens",
    "rate-limits",
    "shared-counters",
    "limits-in-a-fleet",
    "quotas",
    "load-shedding",
  ]) {
    const page = readFileSync(join(ROOT, `docs/guides/${guide}.md`), "utf8");
    const shown = [...page.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map((found) => found[1] ?? "");
    it(`show configurations that load, parts of them beside what they leave out: ${guide}`, () => {
      assert.ok(shown.length > 0);
      for (const text of shown.map(complete)) {
        assertGood(load(text));
        assert.ok(isConfiguration(parse(text)), ajv.errorsText(isConfiguration.errors));
      }
    });
  }
});

describe("the guide's TypeScript", () => {
  let folder = "";
  // A project that has linked the package.
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-guide-"));
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(ROOT, join(folder, "node_modules/sallyport"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const { title, text } of listPieces("ts")) {
    it(`loads: ${title}`, async () => {
      const file = join(folder, "gateway.ts");
      writeFileSync(file, text);
      assertGood(await loadConfig(file));
    });
  }
});
