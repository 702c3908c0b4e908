// The command line: what it accepts, what it answers, and the exit codes that scripts rely on.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { COMMANDS } from "./commands.ts";
import { main } from "./index.ts";
import { createTerminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-cli-"));
after(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  return runOn({}, {}, ...argv);
}

/** `tty` as the streams say it of themselves. */
async function runOn(tty: { isTTY?: boolean; columns?: number }, env: Record<string, string>, ...argv: string[]) {
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    ...tty,
    write(text: string) {
      written[key] += text;
    },
  });
  const exitCode = await main(argv, createTerminal(stream("out"), stream("err"), env));
  return { exitCode, ...written };
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, text);
  return file;
}

const GOOD = write(
  "good.yaml",
  `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { catalog: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: products, match: { path: /products/*, methods: [GET] }, public: true, upstream: catalog }
  - { name: old, match: { path: /old/* }, public: true, redirect: { to: "/products/*" } }
`,
);
const LIMITED = write(
  "limited.yaml",
  `version: 1
gateway: { stateDir: state }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
identities: { keys: { apiKey: { header: X-Api-Key } } }
rateLimits:
  per-user: { key: user, slidingWindow: { limit: 100, window: 1m } }
  per-ip: { key: ip, tokenBucket: { rate: 10/s, burst: 20 } }
upstreams: { catalog: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: a, match: { path: /a }, auth: [keys], upstream: catalog, rateLimits: [{ limit: per-user, cost: 5 }, per-ip], priority: high }
  - { name: b, match: { path: /b }, auth: { anyOf: [keys], optional: true }, upstream: catalog }
`,
);
const BAD = write("bad.yaml", "version: 1\nlistenres: []\n");
const CLASH = write(
  "clash.yaml",
  `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes:
  - { name: a, match: { path: "/x/:id" }, public: true, respond: { body: a } }
  - { name: b, match: { path: "/x/:name" }, public: true, respond: { body: b } }
`,
);
const WARNED = write(
  "warned.yaml",
  `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\nupstreams: { idle: { endpoints: [http://127.0.0.1:1] } }\n`,
);

describe("command line", () => {
  it("lists every command in the help that was asked for, on standard output", async () => {
    const { exitCode, out, err } = await run("--help");
    assert.equal(exitCode, 0);
    for (const { name } of COMMANDS) assert.match(out, new RegExp(`^  sallyport ${name}\\b`, "m"));
    assert.equal(err, "");
    assert.equal((await run("help")).out, out);
  });

  for (const { name, options, examples } of COMMANDS) {
    it(`explains ${name} alike by help and --help, with each of its options and examples`, async () => {
      const { exitCode, out } = await run("help", name);
      assert.equal(exitCode, 0);
      assert.equal((await run(name, "--help")).out, out);
      for (const option of Object.keys(options)) assert.ok(out.includes(`--${option}`), option);
      assert.ok(examples.length >= 2 && examples.every((example) => out.includes(example)));
    });
  }

  it("names release and runtime", async () => {
    const { exitCode, out } = await run("version");
    assert.equal(exitCode, 0);
    assert.match(out, /^sallyport \d+\.\d+\.\d+ on (Bun|Node) \d+/);
    assert.equal((await run("--version")).out, out);
    assert.deepEqual(Object.keys(JSON.parse((await run("version", "--json")).out)), ["version", "runtime", "platform", "arch"]);
  });

  for (const argv of [
    [],
    ["serve"],
    ["start"],
    ["start", "a.yaml", "b.yaml"],
    ["--verbose"],
    ["help", "serve"],
    ["explain", "GET"],
    ["check"],
  ]) {
    it(`refuses "${argv.join(" ")}" with exit code 2 and where to look`, async () => {
      const { exitCode, out, err } = await run(...argv);
      assert.equal(exitCode, 2);
      assert.equal(out, "");
      assert.match(err, /^sallyport: .+\nsallyport (--help lists the commands|help \w+ says what it takes)\.\n$/s);
    });
  }

  it("tells machines of a bad command line in JSON", async () => {
    for (const argv of [
      ["serve", "--json"],
      ["check", "--json"],
      ["routes", "--json", "--jsno", GOOD],
      ["explain", "GET", "/", "-c", GOOD, "--json", "--from", "me"],
    ]) {
      const { exitCode, out, err } = await run(...argv);
      const { ok, error } = JSON.parse(out);
      assert.deepEqual([exitCode, ok, err.includes(error)], [2, false, true], argv.join(" "));
    }
  });

  it("suggests the command or option that was probably meant", async () => {
    assert.match((await run("chekc", "x")).err, /did you mean "check"\?/);
    assert.match((await run("check", "--jsno", "x")).err, /check has no option "--jsno"; did you mean "--json"\?/);
  });

  it("colours on a terminal alone, unless it is told otherwise", async () => {
    const sequence = "\u001b[";
    const tty = { isTTY: true, columns: 200 };
    assert.ok((await runOn(tty, {}, "check", GOOD)).out.includes(sequence));
    assert.ok(!(await runOn({}, {}, "check", GOOD)).out.includes(sequence));
    assert.ok((await runOn({}, { FORCE_COLOR: "1" }, "check", GOOD)).out.includes(sequence));
    assert.ok(!(await runOn(tty, { NO_COLOR: "1" }, "check", GOOD)).out.includes(sequence));
    assert.ok(!(await runOn(tty, {}, "check", GOOD, "--no-color")).out.includes(sequence));
  });
});

describe("start", () => {
  it("ends with 1 and the place of the mistake when the configuration has one", async () => {
    const { exitCode, err } = await run("start", BAD);
    assert.equal(exitCode, 1);
    assert.match(err, /bad\.yaml:2:1/);
    assert.match(err, /listeners/);
  });

  it("ends with 1 when the file is not there", async () => {
    const { exitCode, err } = await run("start", "no/such/file.yaml");
    assert.equal(exitCode, 1);
    assert.match(err, /no\/such\/file\.yaml/);
  });
});

describe("check", () => {
  it("says what a good configuration is, and ends with 0", async () => {
    const { exitCode, out, err } = await run("check", GOOD);
    assert.deepEqual([exitCode, err], [0, ""]);
    assert.match(out, /good\.yaml: good, edge gateway sallyport: 2 routes, 1 upstream, custom code 0 lines; generation [0-9a-f]{16}\n$/);
  });

  it("tells every mistake with its place on standard output, and ends with 1", async () => {
    const { exitCode, out } = await run("check", GOOD, BAD);
    assert.equal(exitCode, 1);
    assert.match(out, /bad\.yaml:2:1 SP_CONFIG_UNKNOWN_KEY/);
    assert.match(out, /good\.yaml: good/);
  });

  it("proves that routes clash, and shows the request", async () => {
    const { exitCode, out } = await run("check", CLASH);
    assert.equal(exitCode, 1);
    assert.match(out, /clash\.yaml:5:\d+ SP_CONFIG_ROUTE_CONFLICT/);
    assert.match(out, /\/x\/x1/);
  });

  it("lets warnings pass unless it is strict", async () => {
    assert.equal((await run("check", WARNED)).exitCode, 0);
    const { exitCode, out } = await run("check", "--strict", WARNED);
    assert.equal(exitCode, 1);
    assert.match(out, /SP_CONFIG_UNUSED \(warning\)/);
  });

  it("takes a team's bad file, which start serves without, for an error", async () => {
    const file = write(
      "teams/gateway.yaml",
      "version: 1\ngateway: { include: [team-*.yaml] }\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n",
    );
    write(
      "teams/team-a.yaml",
      "version: 1\nteam: { name: a, paths: [/a/*] }\nroutes: [{ name: r, match: { path: /b }, public: true, respond: {} }]\n",
    );
    const { exitCode, out } = await run("check", file);
    assert.equal(exitCode, 1);
    assert.match(out, /team-a\.yaml:3:\d+ SP_CONFIG_TEAM_CLAIM/);
  });

  it("has one JSON document for machines, good or bad", async () => {
    const { exitCode, out } = await run("check", "--json", GOOD, BAD);
    const { ok, files } = JSON.parse(out);
    assert.deepEqual([exitCode, ok], [1, false]);
    assert.deepEqual(
      files.map((file: { ok: boolean }) => file.ok),
      [true, false],
    );
    assert.equal(files[0].routes, 2);
    assert.equal(files[1].issues[0].line, 2);
  });
});

describe("routes", () => {
  it("are a table with a line for each", async () => {
    const { exitCode, out } = await run("routes", GOOD);
    assert.equal(exitCode, 0);
    assert.equal(
      out,
      [
        "ROUTE     METHODS  HOSTS  PATH         ACCESS  ACTION              TIMEOUT",
        "products  GET      any    /products/*  public  catalog             10s",
        "old       any      any    /old/*       public  308 to /products/*  10s",
        "",
      ].join("\n"),
    );
  });

  it("have what limits them, and how long they are served, where that is said", async () => {
    const { out } = await run("routes", LIMITED);
    assert.equal(
      out,
      [
        "ROUTE  METHODS  HOSTS  PATH  ACCESS          ACTION   TIMEOUT  LIMITS               PRIORITY",
        "a      any      any    /a    keys            catalog  10s      per-user (5) per-ip  high",
        "b      any      any    /b    keys or nobody  catalog  10s",
        "",
      ].join("\n"),
    );
    const { routes } = JSON.parse((await run("routes", "--json", LIMITED)).out);
    const limits = [
      { limit: "per-user", cost: 5 },
      { limit: "per-ip", cost: null },
    ];
    assert.deepEqual([routes[0].rateLimits, routes[0].priority, routes[1].priority], [limits, "high", "normal"]);
  });

  it("fit a narrow terminal", async () => {
    const { out } = await runOn({ isTTY: true, columns: 60 }, { NO_COLOR: "1" }, "routes", GOOD);
    for (const line of out.split("\n")) assert.ok(line.length <= 60, line);
  });

  it("come as JSON, and a bad configuration as well", async () => {
    const good = JSON.parse((await run("routes", "--json", GOOD)).out);
    assert.deepEqual(good.routes[0].paths, ["/products/*"]);
    const { exitCode, out } = await run("routes", "--json", BAD);
    assert.deepEqual([exitCode, JSON.parse(out).ok], [1, false]);
  });
});

describe("explain", () => {
  it("says which route won, why the others lost, what is sent upstream, and what is answered", async () => {
    const { exitCode, out } = await run("explain", "GET", "http://h/products/1?a=b", "-c", GOOD, "-H", "X-User-Id: root");
    assert.equal(exitCode, 0);
    assert.match(out, /^route +products$/m);
    assert.match(out, /not old: takes \/old\/\*, not \/products\/1/);
    assert.match(out, /identity-guard +removes X-User-Id/);
    assert.match(out, /GET \/products\/1\?a=b/);
    assert.match(out, /^answer +200$/m);
  });

  it("says why there is no route, and that a request is refused before", async () => {
    assert.match(
      (await run("explain", "POST", "http://h/products/1", "-c", GOOD)).out,
      /none: SP_ROUTE_METHOD_NOT_ALLOWED\n +not products: takes GET, not POST/,
    );
    assert.match((await run("explain", "GET", "http://h/a%2Fb", "-c", GOOD)).out, /refused before routing: SP_URI_/);
  });

  it("lets no escape sequence of a request reach the terminal", async () => {
    const { out } = await run("explain", "GET", "http://h/products/1", "-c", GOOD, "-H", "X-A: \u001b[31mred");
    assert.ok(!out.includes("\u001b"));
  });

  it("comes as JSON", async () => {
    const explanation = JSON.parse((await run("explain", "GET", "http://h/old/x", "-c", GOOD, "--json")).out);
    assert.deepEqual([explanation.ok, explanation.route, explanation.response.status, explanation.upstream], [true, "old", 308, null]);
  });

  for (const [argv, words] of [
    [["-H", "nonsense"], "takes 'NAME: VALUE'"],
    [["--upstream-status", "99"], "from 200 to 599"],
    [["--listener", "nope"], "no listener nope"],
    [["--from", "10.0.0.300"], "takes an IP address"],
  ] as const) {
    it(`refuses ${argv.join(" ")}`, async () => {
      const { exitCode, err } = await run("explain", "GET", "http://h/products/1", "-c", GOOD, ...argv);
      assert.equal(exitCode, 2);
      assert.ok(err.includes(words), err);
    });
  }
});

describe("test", () => {
  const passes = write(
    "pass.test.yaml",
    `version: 1\nconfig: good.yaml\ntests:\n  - { name: goes to the catalog, request: GET http://h/products/1, expect: { route: products, status: 200 } }\n`,
  );
  const fails = write(
    "fail.test.yaml",
    `version: 1\nconfig: good.yaml\ntests:\n  - { name: is found, request: GET http://h/nowhere, expect: { status: 200 } }\n`,
  );

  it("tells what passed, and ends with 0", async () => {
    const { exitCode, out } = await run("test", passes);
    assert.equal(exitCode, 0);
    assert.equal(out, "ok   goes to the catalog\n1 passed, 0 failed\n");
  });

  it("tells what was expected and what came, and ends with 5", async () => {
    const { exitCode, out } = await run("test", passes, fails);
    assert.equal(exitCode, 5);
    assert.match(out, /FAIL is found \(.*fail\.test\.yaml:4\)\n +status: expected 200, got 404\n1 passed, 1 failed\n$/);
  });

  it("ends with 1 when the test file is bad or missing", async () => {
    const bad = write("bad.test.yaml", "version: 1\nconfig: good.yaml\ntests: [{ nmae: x }]\n");
    const { exitCode, out } = await run("test", bad);
    assert.equal(exitCode, 1);
    assert.match(out, /did you mean `name`\?/);
    assert.equal((await run("test", "none.yaml")).exitCode, 1);
  });

  it("comes as JSON", async () => {
    const { ok, passed, failed, files } = JSON.parse((await run("test", "--json", passes, fails)).out);
    assert.deepEqual([ok, passed, failed, files.length], [false, 1, 1, 2]);
  });
});
