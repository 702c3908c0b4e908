// A scan of running TLS listeners by testssl.sh (Debian: testssl.sh): protocols, cipher suites, the handshake's defaults, certificates
// and the known holes. Findings above LOW fail; what it says below that is told. docs/guides/tls.md has the outcome.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findProgram, type GatewayProcess, missing, run, Stage, tell, waitFor } from "../e2e/processes.ts";
import { measure } from "./measure.ts";
import { type Kind, writePairs } from "./scan-pairs.ts";

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

interface Scan {
  readonly listener: string;
  readonly kind: Kind;
  /** Protocols that must be found: a scan that saw nothing finds nothing wrong. */
  readonly protocols: readonly string[];
}

const SCANS: readonly Scan[] = [
  { listener: "both", kind: "ec", protocols: ["TLS1_2", "TLS1_3"] },
  { listener: "both", kind: "rsa", protocols: ["TLS1_2", "TLS1_3"] },
  { listener: "new", kind: "ec", protocols: ["TLS1_3"] },
];
const PROTOCOLS = ["SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"];
const GOOD = ["OK", "INFO", "DEBUG"];
const START_MS = 20_000;
// Protocols, categories, forward secrecy, preferences, defaults, headers, holes; not each of 370 suites by itself, nor simulated clients.
const CHECKS = ["-p", "-s", "-f", "-P", "-S", "-h", "-U"];

export async function soak(): Promise<void> {
  const program = findProgram("testssl") ?? findProgram("testssl.sh");
  const whyNot = program === null ? "needs testssl.sh (apt-get install testssl.sh)" : missing("openssl");
  if (program === null || whyNot !== false) {
    console.log(`\nscan of TLS listeners: SKIPPED, ${whyNot}`);
    return;
  }
  const stage = new Stage();
  try {
    await writePairs(stage.folder);
    const gateway = stage.launchGateway(stage.writeConfig(yaml(stage.folder)));
    const ports = await listeningPorts(gateway);
    for (const scan of SCANS) {
      await measure(`scan of ${scan.kind}.test at the listener of ${scan.protocols.join(" and ")}`, async () => {
        judge(scan, await scanOnce(program, stage.folder, scan, ports.get(scan.listener) ?? 0));
      });
    }
  } finally {
    await stage.stop();
  }
}

async function listeningPorts(gateway: GatewayProcess): Promise<Map<string, number>> {
  const read = (): Map<string, number> =>
    new Map(
      Array.from(gateway.err.matchAll(/listening on https:\S+:(\d+) \(listener (\w+)\)/g), ([, port, name]) => [name ?? "", Number(port)]),
    );
  await waitFor(() => read().size === 2 || !gateway.isAlive, START_MS, "both listeners listen");
  assert.ok(gateway.isAlive, gateway.err);
  return read();
}

async function scanOnce(program: string, folder: string, { kind, listener }: Scan, port: number): Promise<Finding[]> {
  const report = join(folder, `${listener}-${kind}.json`);
  const quietly = ["--quiet", "--color", "0", "--warnings", "off", "--nodns", "none", "--ip", "127.0.0.1"];
  const { out, err } = await run(program, [
    ...quietly,
    "--add-ca",
    join(folder, "ca.pem"),
    "--jsonfile",
    report,
    ...CHECKS,
    `${kind}.test:${port}`,
  ]);
  try {
    return JSON.parse(readFileSync(report, "utf8")) as Finding[];
  } catch {
    throw new Error(`testssl wrote no report: ${out}${err}`);
  }
}

function judge(scan: Scan, findings: readonly Finding[]): void {
  for (const protocol of PROTOCOLS) {
    const said = findings.find(({ id }) => id === protocol)?.finding ?? "nothing";
    assert.equal(/^offered/.test(said), scan.protocols.includes(protocol), `${protocol}: ${said}`);
  }
  assert.equal(findings.find(({ id }) => id === "cert_chain_of_trust")?.finding.trim(), "passed.");
  const bad = findings.filter(({ severity }) => !GOOD.includes(severity));
  for (const { severity, id, finding } of bad) tell(`${severity} ${id}: ${finding}`);
  tell(`${findings.length} findings, ${bad.length} of them not OK`);
  const above = bad.filter(({ severity }) => severity !== "LOW");
  assert.deepEqual(above, [], "findings above LOW");
}

function yaml(folder: string): string {
  const pair = (kind: Kind): string => `{ cert: ${folder}/${kind}.pem, key: ${folder}/${kind}.key }`;
  const certificates = `certificates: [${pair("ec")}, ${pair("rsa")}]`;
  return `version: 1
gateway: { name: scanned, kind: edge, workers: 1, watch: false }
listeners:
  - { name: both, address: 127.0.0.1:0, tls: { ${certificates} } }
  - { name: new, address: 127.0.0.1:0, tls: { minVersion: "1.3", ${certificates} } }
routes:
  - name: hello
    match: { path: /* }
    public: true
    respond: { status: 200, body: hello }
    securityHeaders: { hsts: { maxAge: 365d }, contentTypeOptions: nosniff, frameOptions: deny, contentSecurityPolicy: "default-src 'self'" }
`;
}
