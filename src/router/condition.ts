// What a route asks of a request besides host, path and method: header fields, query parameters, the version in a media type.

export interface RouteCondition {
  /** `mediaType`: the version that Accept (or, where Accept names none, Content-Type) names for the type `name`. */
  readonly on: "header" | "query" | "mediaType";
  /** Of the field (any case), of the parameter (percent-decoded), or `application/vnd.acme.orders`. */
  readonly name: string;
  /** Whether a request without it will do. */
  readonly absent: boolean;
  /** The values that will do; null for any. Empty with `absent`: it must not be there. */
  readonly values: readonly string[] | null;
}
