// Why a well-formed request finds no route.

import { defineFault } from "../base/index.ts";

export const ROUTE = {
  NOT_FOUND: defineFault({
    code: "SP_ROUTE_NOT_FOUND",
    status: 404,
    grpc: 12,
    blame: "client",
    retry: "never",
    closes: false,
    title: "There is no route for this host and path",
    remedy: "Compare the host and path in the log with the routes; paths are case-sensitive and /x does not match /x/.",
  }),
  NO_VARIANT: defineFault({
    code: "SP_ROUTE_NO_VARIANT",
    status: 404,
    grpc: 12,
    blame: "client",
    retry: "never",
    closes: false,
    title: "The routes for this path ask for a header, a query parameter or an API version that the request does not have",
    remedy: "`sallyport explain` says which conditions failed; a route without them, or an API's `default` version, takes the rest.",
  }),
  PATH_AMBIGUOUS: defineFault({
    code: "SP_ROUTE_PATH_AMBIGUOUS",
    status: 400,
    grpc: 3,
    blame: "client",
    retry: "never",
    closes: false,
    title: "The path can be read as one of another route, or of none",
    remedy:
      "Some services merge `//`, cut `;parameters` off or decode `%2F`: read so, the path belongs to a route with other policies. Have the client send the plain path; `paths.duplicateSlashes: merge` settles slashes.",
  }),
  METHOD_NOT_ALLOWED: defineFault({
    code: "SP_ROUTE_METHOD_NOT_ALLOWED",
    status: 405,
    grpc: 12,
    blame: "client",
    retry: "never",
    closes: false,
    title: "The route for this path does not take this method",
    remedy: "Add the method to match.methods, or leave methods out for any; the answer's Allow lists what is taken.",
  }),
} as const;
