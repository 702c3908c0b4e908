// docs/guides/operating.md shows what curl prints of the admin address. A server over a control plane that a test sets up must answer just
// that. `GOLDEN=write` writes it.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import { AdminStage, GUARDED } from "../../src/control/control-plane-fake.ts";
import { ENDPOINTS } from "../../src/control/index.ts";

const GUIDE = new URL("../../docs/guides/operating.md", import.meta.url);
const EXAMPLE = /^```console\n\$ (curl [^\n]+)\n(.*?)^```$/gms;
const TOKEN = `Authorization: Bearer ${GUARDED.token?.reveal()}`;

const stage = await AdminStage.start(GUARDED);
after(() => stage.stop());

/** What the command prints: its request, asked of the server. */
async function print(command: string): Promise<string> {
  const path = /http:\/\/127\.0\.0\.1:9901(\S+)/.exec(command)?.[1];
  assert.ok(path !== undefined, command);
  const showsStatus = command.includes("%{http_code}");
  stage.plane.outcome = showsStatus
    ? {
        outcome: "refused",
        generation: stage.plane.current.generation,
        reason: "gateway.yaml has 1 error",
        issues: [
          {
            code: "SP_CONFIG_UNKNOWN_REFERENCE",
            severity: "error",
            path: "routes[0].upstream",
            file: "/etc/sallyport/gateway.yaml",
            line: 5,
            column: 73,
            message: "no upstream is named `ordes`",
            hint: "did you mean `orders`?",
          },
        ],
      }
    : { outcome: "applied", generation: "9d04e1b6c2f7835a", issues: [] };
  const { status, body } = await stage.ask(`${/-X (\w+)/.exec(command)?.[1] ?? "GET"} ${path}`, [TOKEN]);
  return `${body.replace(/[0-9a-f]{16}-\d\d/, "6f1d0c2b9a8e7d35-07")}${showsStatus ? `${status}\n` : ""}`;
}

const text = readFileSync(GUIDE, "utf8");
const examples: { all: string; command: string; fresh: string }[] = [];
for (const [all, command = ""] of text.matchAll(EXAMPLE)) {
  examples.push({ all, command, fresh: `\`\`\`console\n$ ${command}\n${await print(command)}\`\`\`` });
}
if (process.env["GOLDEN"] === "write") {
  let written = text;
  for (const { all, fresh } of examples) written = written.replace(all, () => fresh);
  writeFileSync(GUIDE, written);
}

describe("the operating guide's admin API", () => {
  it("shows what is answered", () => assert.ok(examples.length >= 4));

  for (const { all, command, fresh } of examples) {
    it(`shows what is answered: ${command}`, () => assert.equal(process.env["GOLDEN"] === "write" ? fresh : all, fresh));
  }

  it("names every page", () => {
    for (const { path } of ENDPOINTS)
      assert.ok(text.includes(`\`GET ${path}\``) || text.includes(`\`POST ${path}\``) || text.includes(`\`${path}\``), path);
  });
});
