// What can be wrong with a table of routes, as values. Places in files are for whoever knows the file.

export const ROUTE_ISSUE_CODES = {
  SP_ROUTE_CONFLICT: "Two routes match the same requests and neither is more specific.",
  SP_ROUTE_UNREACHABLE: "A route that wins no request: others take each of them, or its own conditions exclude one another.",
  SP_ROUTE_PATH: "A path pattern that no request could match, or that is not in the language.",
  SP_ROUTE_HOST: "A host pattern that is not in the language.",
  SP_ROUTE_METHOD: "A method that is not an upper-case token.",
  SP_ROUTE_OVERLAP:
    "Paths that overlap so often that matching one request would take too long, or conditions that no proof comes to an end with.",
} as const;

/** A request that shows a clash, or that a route wins. */
export interface SampleRequest {
  readonly method: string;
  /** A name that no route has where any will do; then `anyHost` is true. */
  readonly host: string;
  readonly anyHost: boolean;
  readonly path: string;
  /** With its question mark, or empty. */
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export interface RouteIssue {
  readonly code: keyof typeof ROUTE_ISSUE_CODES;
  /** The names of the routes concerned, in the order of the table. */
  readonly routes: readonly string[];
  readonly message: string;
  readonly sample: SampleRequest | null;
}
