import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { parse } from "yaml";
import inTypeScript from "../compile-time/whole-language.ts";
import { ROOT } from "./source-files.ts";

it("the whole language says the same in TypeScript as in YAML", () => {
  assert.deepEqual(inTypeScript, parse(readFileSync(join(ROOT, "src/config/testdata/example.in.txt"), "utf8")));
});
