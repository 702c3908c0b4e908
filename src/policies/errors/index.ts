// What becomes of an upstream's own errors: its status replaced (`errors.status`), its body put into the gateway's shape
// (`errors.upstream: problem`), with words taken from it where `errors.read` says where they stand. The gateway's own faults have
// that shape already (pipeline/rescue.ts). Outside of a cache, so that each answer has its own request's id in it.

import type { FaultDefinition } from "../../base/index.ts";
import type { ErrorsConfig } from "../../config/index.ts";
import { FIELD, fieldName, isBodiless, type ResponseHead, UNKNOWN_LENGTH } from "../../http/index.ts";
import { ANSWERED, CONTINUE, type Exchange, type Policy, type StepResult } from "../../pipeline/index.ts";
import { ErrorPointers, ErrorReader, MAX_ERROR_BYTES } from "./error-reader.ts";
import { FAILED, REFUSED } from "./faults.ts";
import { dropBodyFields, PROBLEM_TYPE, ProblemWriter, SILENT, type UpstreamWords } from "./problem.ts";

const CONTENT_ENCODING = fieldName("Content-Encoding");

/** Null when upstreams' errors pass as they are. */
export function compileErrors(config: ErrorsConfig): Policy | null {
  const isKept = config.upstream === "keep";
  if (isKept && config.status.length === 0) return null;
  const status = new Map(config.status);
  const shape = isKept ? null : new ErrorShape(config);
  return {
    name: "errors",
    phase: "transform",
    response(exchange) {
      const response = exchange.response;
      if (exchange.winner === null || response === null) return CONTINUE;
      const own = response.status;
      const mapped = status.get(own);
      // A body must go where the new status has none: from there on the answer is the gateway's.
      if (mapped !== undefined && mapStatus(exchange, response, mapped) === ANSWERED) return CONTINUE;
      if (shape === null || response.status < 400) return CONTINUE;
      return shape.apply(exchange, response, own < 500 ? REFUSED : FAILED);
    },
  };
}

function mapStatus(exchange: Exchange, response: ResponseHead, to: number): StepResult {
  const hadBody = !isBodiless("GET", response.status);
  response.status = to;
  if (isBodiless("GET", to)) {
    if (!hadBody) return CONTINUE;
    dropBodyFields(response.fields);
    return exchange.answer(to, response.fields, null);
  }
  // 204 and 304 have no body, and say at most what its length would be.
  if (!hadBody) response.declaredLength = 0;
  return CONTINUE;
}

/** Puts errors into the shape. */
class ErrorShape {
  readonly #writer: ProblemWriter;
  readonly #pointers: ErrorPointers | null;

  constructor(config: ErrorsConfig) {
    this.#writer = new ProblemWriter(config.typeBase);
    this.#pointers = config.read === null ? null : new ErrorPointers(config.read);
  }

  apply(exchange: Exchange, response: ResponseHead, kind: FaultDefinition): StepResult {
    const type = mediaTypeOf(response);
    if (type === PROBLEM_TYPE) return CONTINUE;
    exchange.fault = kind;
    const { status } = response;
    const pointers = this.#isReadable(type, response) ? this.#pointers : null;
    dropBodyFields(response.fields);
    response.fields.add(FIELD.CONTENT_TYPE, PROBLEM_TYPE);
    const write = (words: UpstreamWords) => this.#writer.write(kind, status, words, exchange.requestId);
    if (pointers === null) return exchange.answer(status, response.fields, write(SILENT));
    // A GET would be told no length either.
    if (exchange.head.method === "HEAD") response.declaredLength = UNKNOWN_LENGTH;
    else exchange.transformResponse(new ErrorReader(pointers, write, () => endEarly(exchange)));
    return CONTINUE;
  }

  #isReadable(type: string, response: ResponseHead): boolean {
    const { declaredLength } = response;
    if (this.#pointers === null || declaredLength === 0 || declaredLength > MAX_ERROR_BYTES) return false;
    if (type !== "application/json" && !type.endsWith("+json")) return false;
    const coding = response.fields.getCombined(CONTENT_ENCODING);
    return coding === null || coding.toLowerCase() === "identity";
  }
}

/** Nothing more is wanted of the upstream's body. */
function endEarly(exchange: Exchange): void {
  const { winner } = exchange;
  if (winner === null) return;
  winner.discardResponse();
  exchange.endResponse(winner, null);
}

/** Type and subtype in lower case, without parameters; empty when there is none. */
function mediaTypeOf(response: ResponseHead): string {
  const text = response.fields.get(FIELD.CONTENT_TYPE) ?? "";
  const semicolon = text.indexOf(";");
  return (semicolon < 0 ? text : text.slice(0, semicolon)).trim().toLowerCase();
}
