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
        "Looks into a running gateway and changes what it serves. Every answer has `Cache-Control: no-store`; every error is problem+json (RFC 9457) with a `code`. " +
        "GET takes HEAD along. The body of a POST means nothing.",
    },
    paths: Object.fromEntries(
      endpoints.map((endpoint) => [endpoint.path, { [endpoint.method.toLowerCase()]: describeOperation(endpoint) }]),
    ),
    components: {
      schemas: { ...ADMIN_SCHEMAS, Problem: PROBLEM_SCHEMA },
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The text of `admin.token`; not asked for where none is configured." },
      },
    },
  };
}

/** Paths of one page are never split over two methods; a test holds the list to it. */
function describeOperation({ method, path, isOpen, summary, statuses, schema }: Endpoint): object {
  const isChange = method === "POST";
  const responses = Object.fromEntries(
    Object.entries(statuses).map(([status, description]) => {
      const isProblem = isChange && Number(status) !== 200;
      return [status, { description, content: isProblem ? PROBLEM_CONTENT : contentOf(schema) }];
    }),
  );
  return {
    operationId: `${method.toLowerCase()}${
      path === "/"
        ? "Root"
        : path
            .slice(1)
            .replace(/\W.*/, "")
            .replace(/^./, (first) => first.toUpperCase())
    }`,
    summary,
    ...(isOpen ? { security: [] } : { security: [{ token: [] }] }),
    responses: { ...responses, default: { description: "Refused: `code` says why.", content: PROBLEM_CONTENT } },
  };
}

const PROBLEM_CONTENT = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };

function contentOf(schema: Endpoint["schema"]): object {
  if (schema === "text") return { "text/plain": { schema: { type: "string" } } };
  return { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } };
}
