// One file of a configuration, the gateway's own or a team's, judged by itself: what is not built, what it takes from elsewhere, the
// schema, and how its parts fit together. What files do to each other is judged in teams.ts.

import { dirname, resolve } from "node:path";
import type * as z from "zod";
import type { CheckContext } from "./check-context.ts";
import { checkReferences } from "./checks.ts";
import type { GatewayConfig } from "./config.ts";
import type { ConfigHost } from "./config-host.ts";
import type { Finding, Issue, IssuePath, OutsideFinding } from "./issue.ts";
import { checkNotBuilt } from "./not-built.ts";
import { PathSet } from "./path-set.ts";
import { type PemTexts, readPemFiles } from "./pem-files.ts";
import { type ReferenceReader, type Resolved, resolveReferences } from "./references.ts";
import { type Body, readBodies } from "./references-bodies.ts";
import type { Masking } from "./references-masking.ts";
import type { FromElsewhere } from "./resolve.ts";
import { type FileTexts, readTextFiles } from "./text-files.ts";
import { translateIssues } from "./translate.ts";

/** Values as written and where they stand: a text of YAML or JSON, or a value that a program made. */
export interface PartSource {
  readonly file: string;
  /** Undefined: so broken that judging the content would mislead. */
  readonly value: unknown;
  locate(finding: Finding): Issue;
}

/** Findings whose words are the same whatever the values. */
const TELLS_NOTHING: ReadonlySet<string> = new Set([
  "SP_CONFIG_CREDENTIAL",
  "SP_CONFIG_LITERAL_SECRET",
  "SP_CONFIG_DATABASE",
  "SP_CONFIG_COUNTERS",
]);

/** What of a file speaks TLS, resolved. */
export type TlsParts = Pick<GatewayConfig, "upstreams"> & Partial<Pick<GatewayConfig, "admin" | "listeners">>;

export class Part {
  readonly source: PartSource;
  /** In the order of the file, once `sort()` was called. */
  readonly issues: Issue[];
  readonly bodies: ReadonlyMap<number, Body>;
  readonly pem: PemTexts;
  readonly texts: FileTexts;
  readonly #covered: PathSet;
  readonly #references: Resolved;
  readonly #masking: Masking;
  readonly #seen = new Set<string>();

  /** `issues` are those of reading the text. */
  constructor(source: PartSource, issues: readonly Issue[], reader: ReferenceReader, masking: Masking) {
    this.source = source;
    this.issues = [...issues];
    this.#masking = masking;
    const { findings, covered } = source.value === undefined ? { findings: [], covered: new PathSet() } : checkNotBuilt(source.value);
    this.#covered = covered;
    this.#references = resolveReferences(source.value, source.file, reader, covered);
    masking.add(this.#references.texts);
    masking.hide(this.#references.conditionTexts);
    const { bodies, findings: bodyFindings } = readBodies(this.#references.value, source.file, reader, covered);
    this.bodies = bodies;
    for (const finding of [...findings, ...this.#references.findings]) this.#put(finding, true);
    const pem = readPemFiles(this.#references.value, source.file, reader, covered);
    this.pem = pem.texts;
    const plain = readTextFiles(this.#references.value, source.file, reader, covered);
    this.texts = plain.texts;
    for (const finding of [...bodyFindings, ...pem.findings, ...plain.findings]) this.put(finding);
  }

  get isGood(): boolean {
    return this.source.value !== undefined && !this.issues.some((issue) => issue.severity === "error");
  }

  /** With what references stand for. */
  get value(): unknown {
    return this.#references.value;
  }

  /** The same, but header and query values that are secrets stand as written. */
  get checked(): unknown {
    return this.#references.checked;
  }

  /** What came from elsewhere into it. */
  get from(): FromElsewhere {
    return { places: this.places, bodies: this.bodies, pem: this.pem, texts: this.texts };
  }

  get places(): PathSet {
    return this.#references.places;
  }

  /** Nothing more is said about what lies there. */
  cover(finding: Finding): void {
    this.put(finding);
    this.#covered.add(finding.path);
  }

  /** What the schema makes of it; null when there is something wrong with it. */
  parse<Schema extends z.ZodType>(schema: Schema): z.output<Schema> | null {
    const parsed = schema.safeParse(this.value);
    if (parsed.success) return parsed.data;
    const judged = { schema, value: this.source.value, covered: this.#covered };
    for (const finding of translateIssues(parsed.error.issues, judged)) this.#put(finding, true);
    return null;
  }

  /** What is wrong between its parts. Findings that `isDeferred` are given back and not put. */
  check(context: CheckContext, isDeferred: (finding: Finding) => boolean = () => false): Finding[] {
    const folder = dirname(resolve(this.source.file));
    const own = {
      isReference: (path: IssuePath) => this.places.covers(path),
      pemOf: (name: string) => this.pem.get(resolve(folder, name)),
    };
    const findings = checkReferences(this.checked, { ...context, ...own }).filter(({ path }) => !this.#covered.covers(path));
    const deferred: Finding[] = [];
    for (const finding of findings) {
      if (isDeferred(finding)) deferred.push(finding);
      // What is said of a secret is made of no part of it, and may use the same words.
      else this.#put(finding, TELLS_NOTHING.has(finding.code));
    }
    return deferred;
  }

  put(finding: Finding): void {
    this.#put(finding, false);
  }

  toIssue(finding: Finding): Issue {
    return this.source.locate(this.#masking.mask(finding, this.places, false));
  }

  /** What stands in a file that this one names. */
  toOutsideIssue({ code, severity, path, message, hint }: OutsideFinding): Issue {
    return { ...this.toIssue({ code: "SP_CONFIG_REFERENCED_FILE", path, at: "value", message, hint }), code, severity };
  }

  /** What the host knows of the certificates that are named here. */
  judgeTls({ tls: judge, nowMs }: ConfigHost, { admin, listeners = [], upstreams }: TlsParts): void {
    if (judge === undefined) return;
    const put = (path: IssuePath, findings: readonly OutsideFinding[]) => {
      for (const finding of findings) this.issues.push(this.toOutsideIssue({ ...finding, path: [...path, "tls", ...finding.path] }));
    };
    if (admin != null && admin.tls !== null) put(["admin"], judge.listener(admin.tls, nowMs));
    for (const [index, { tls }] of listeners.entries()) if (tls !== null) put(["listeners", index], judge.listener(tls, nowMs));
    for (const { name, tls } of upstreams) if (tls !== null) put(["upstreams", name], judge.upstream(tls, nowMs));
  }

  /** What the host knows of the Cedar policies of `routes`, which are this file's in its order. */
  judgeCedar({ judgeCedar: judge }: ConfigHost, routes: GatewayConfig["routes"]): void {
    if (judge === undefined) return;
    for (const [index, { authorize }] of routes.entries()) {
      if (authorize?.cedar == null) continue;
      const { policies, schema, entities } = authorize.cedar;
      const path = ["routes", index, "authorize", "cedar"];
      for (const message of judge(policies, schema, entities)) {
        const hint = "a policy that can't be read allows nothing: mend the file that the sentence names";
        this.put({ code: "SP_CONFIG_REFERENCED_FILE", path, at: "key", message, hint });
      }
    }
  }

  sort(): void {
    this.issues.sort((a, b) => a.line - b.line || a.column - b.column);
  }

  /** One mistake may break two rules of the same kind at the same place; saying it once is enough. */
  #put(finding: Finding, isOfWritten: boolean): void {
    const key = `${finding.code} ${JSON.stringify(finding.path)} ${finding.message}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.issues.push(this.source.locate(this.#masking.mask(finding, this.places, isOfWritten)));
  }
}
