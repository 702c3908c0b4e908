// The OpenAPI 3.1 document of the admin API, made of the list of its pages and of the schemas of their answers.

import { ADMIN_SCHEMAS, PROBLEM_SCHEMA } from "./admin-schemas.ts";
import type { Endpoint } from "./endpoints.ts";

/** Plain JSON. */
export function describeApi(endpoints: readonly Endpoint[]): object {
  return {
    openapi: "3.1.0",
    info: {
      title: "Sallyport admin API",
      version: "1",
      description:
        "Looks into a running gateway and changes what it serves. Every answer but the public keys has `Cache-Control: no-store`; every error is problem+json (RFC 9457) with a `code`. " +
        "GET takes HEAD along. The body of a POST means nothing where none is described.",
    },
    paths: describePaths(endpoints),
    components: {
      schemas: { ...ADMIN_SCHEMAS, Problem: PROBLEM_SCHEMA },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The text of `admin.token`; not asked for where none is configured." },
      },
    },
  };
}

function describePaths(endpoints: readonly Endpoint[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const endpoint of endpoints) {
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: describeOperation(endpoint) };
  }
  return paths;
}

function describeOperation({ method, path, isOpen, summary, statuses, schema, takes, query = {} }: Endpoint): object {
  const responses = Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => {
      // What a probe is told with 503 is no problem.
      const isProblem = Number(status) >= 400 && schema !== "Health";
      return [status, { description, content: isProblem ? PROBLEM_CONTENT : contentOf(schema) }];
    }),
  );
  const parameters = [
    ...(path.includes("{id}") ? [{ name: "id", in: "path", required: true, schema: { type: "string" } }] : []),
    ...Object.entries(query).map(([name, description]) => ({ name, in: "query", description, schema: { type: "string" } })),
  ];
  return {
    operationId: method.toLowerCase() + (path === "/" ? "Root" : path.split("/").map(toWord).join("")),
    summary,
    ...(isOpen ? { security: [] } : { security: [{ token: [] }] }),
    ...(parameters.length > 0 && { parameters }),
    ...(takes !== undefined && { requestBody: { content: contentOf(takes) } }),
    responses: { ...responses, default: { description: "Refused: `code` says why.", content: PROBLEM_CONTENT } },
  };
}

/** The first word of a segment, with a capital: `{id}` is Id, `openapi.json` is Openapi. */
function toWord(segment: string): string {
  const word = /\w+/.exec(segment)?.[0] ?? "";
  return word.charAt(0).toUpperCase() + word.slice(1);
}

const PROBLEM_CONTENT = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

function contentOf(schema: Endpoint["schema"] | NonNullable<Endpoint["takes"]>): object {
  if (schema === "text") return { "text/plain": { schema: { type: "string" } } };
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}
