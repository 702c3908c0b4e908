// Arrows point down, and a machine looks. The rules stand in layers.ts; here they are held against themselves and against src/.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkImport, listImports } from "./layers.ts";
import { isCompanion, listSourceFiles } from "./source-files.ts";

// A dependency is chosen for its field and wrapped in one room, so that it can be replaced there.
const DEPENDENCY_ROOMS: Readonly<Record<string, readonly string[]>> = {
  "acme-client": ["tls"],
  "@peculiar/x509": ["tls"],
  // `processes` peeks at a file before the room that reads it is loaded.
  "js-yaml": ["config", "processes"],
  yaml: ["config"],
  zod: ["config", "policies"],
  jose: ["identity"],
  "openid-client": ["identity"],
  "http-message-signatures": ["identity"],
  kysely: ["stores"],
  pg: ["stores"],
  "@redis/client": ["limits"],
  "@cedar-policy/cedar-wasm": ["policies"],
};

// Nothing outside these rooms touches a socket; calls/ has the runtimes' own clients of HTTP, for what the gateway asks on its own behalf.
const SOCKET_MODULES = /^(node:)?(net|tls|dgram|http|https|http2|cluster)$/;
const SOCKET_ROOMS = ["transport", "tls", "testing", "calls"];

const files = listSourceFiles("src");

function problem(from: string, specifier: string): string | null {
  return checkImport({ from, specifier, line: 1 });
}

describe("the rules of the layers", () => {
  it("let a room import the doors below it", () => {
    assert.equal(problem("src/http1/framing.ts", "../base/index.ts"), null);
    assert.equal(problem("src/cli/start.ts", "../gateway/index.ts"), null);
    assert.equal(problem("src/http1/framing.ts", "./latin1.ts"), null);
  });

  it("refuse an import upwards and say what is allowed", () => {
    assert.match(problem("src/http/uri.ts", "../http1/index.ts") ?? "", /"http" may import base; not "http1"/);
    assert.match(problem("src/router/route.ts", "../transport/index.ts") ?? "", /"router" may import base, http; not "transport"/);
  });

  it("refuse a room's back door", () => {
    assert.match(problem("src/gateway/dispatch.ts", "../http1/framing.ts") ?? "", /entered by its index\.ts only/);
  });

  it("refuse a policy that knows another", () => {
    assert.match(problem("src/policies/cors/step.ts", "../cache/index.ts") ?? "", /do not know each other/);
    assert.equal(problem("src/policies/index.ts", "./cache/index.ts"), null);
  });

  it("refuse a room that has no layer, and src that reaches outside itself", () => {
    assert.match(problem("src/shiny/a.ts", "../base/index.ts") ?? "", /"shiny" has no layer/);
    assert.match(problem("src/base/a.ts", "../../scripts/run.ts") ?? "", /may not reach outside/);
  });

  it("find static, dynamic, type-only and multi-line imports, and none in comments", () => {
    const text = `// import "./no.ts";\nimport type { A } from "./a.ts";\nexport {\n  b,\n} from "./b.ts";\nimport "./c.ts";\nconst d = await import("./d.ts");\n`;
    assert.deepEqual(
      listImports({ path: "src/x/y.ts", text }).map(({ specifier, line }) => [specifier, line]),
      [
        ["./a.ts", 2],
        ["./b.ts", 5],
        ["./c.ts", 6],
        ["./d.ts", 7],
      ],
    );
  });
});

describe("the imports of src", () => {
  const imports = files.flatMap(listImports);

  it("point down, and enter rooms by their doors", () => {
    assert.ok(imports.length > 50, "the scan finds the imports");
    assert.deepEqual(
      imports.map(checkImport).filter((found) => found !== null),
      [],
    );
  });

  it("use a dependency only in the room that wraps it", () => {
    const wrong = imports.filter(({ from, specifier }) => {
      if (specifier.startsWith(".") || /^(node|bun):/.test(specifier) || specifier === "bun" || isCompanion(from)) return false;
      const name = specifier
        .split("/")
        .slice(0, specifier.startsWith("@") ? 2 : 1)
        .join("/");
      return !(DEPENDENCY_ROOMS[name] ?? []).includes(from.split("/")[1] ?? "");
    });
    assert.deepEqual(wrong, [], "wrap the dependency in one room and name that room here");
  });

  it("touch sockets in the transport alone", () => {
    const wrong = imports.filter(
      ({ from, specifier }) => SOCKET_MODULES.test(specifier) && !isCompanion(from) && !SOCKET_ROOMS.includes(from.split("/")[1] ?? ""),
    );
    assert.deepEqual(wrong, [], "only transport/ and tls/ may use the runtime's sockets; take a Transport as a parameter");
  });
});
