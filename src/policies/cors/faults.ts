// Preflights that are refused. A browser takes any answer without allow headers for a no, a 204 as well as these; who debugs a page
// sees in the status and the code what was missing, and the operator finds it counted.

import { defineFault } from "../../base/index.ts";

function defineRefusal(code: string, title: string, remedy: string) {
  return defineFault({ code, status: 403, grpc: 7, blame: "client", retry: "never", closes: false, title, remedy });
}

export const ORIGIN = defineRefusal(
  "SP_CORS_ORIGIN",
  "Pages of this origin may not call this route.",
  "The detail has the origin. If its pages are meant to call the route, put it into `cors.origins`, exactly as the browser sends it.",
);

export const METHOD = defineRefusal(
  "SP_CORS_METHOD",
  "Pages may not use this method here.",
  "The detail has the method. `cors.methods` names those that pages may use; when left out, they are the methods of the route.",
);

export const HEADERS = defineRefusal(
  "SP_CORS_HEADERS",
  "Pages may not send one of these headers.",
  "The detail has what the page wants to send. `cors.headers` names what pages may send; when left out, it is whatever they ask for.",
);
