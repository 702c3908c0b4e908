// What can be wrong with a table of routes, as values. Places in files are for whoever knows the file.

export const ROUTE_ISSUE_CODES = {
  SP_ROUTE_CONFLICT: "Two routes match the same requests and neither is more specific.",
  SP_ROUTE_PATH: "A path pattern that no request could match, or that is not in the language.",
  SP_ROUTE_HOST: "A host pattern that is not in the language.",
  SP_ROUTE_METHOD: "A method that is not an upper-case token.",
  SP_ROUTE_OVERLAP: "Paths that overlap so often that matching one request would take too long.",
} as const;

/** A request that shows a clash; `host` is empty when any will do. */
export interface SampleRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

export interface RouteIssue {
  readonly code: keyof typeof ROUTE_ISSUE_CODES;
  /** The names of the routes concerned, in the order of the table. */
  readonly routes: readonly string[];
  readonly message: string;
  readonly sample: SampleRequest | null;
}
