// What a client got for one request, and what the gateway recorded about it.

import { TestBody } from "./body-bytes.ts";
import type { AccessRecord } from "./recording-sink.ts";
import { TestHeaders } from "./test-headers.ts";

export interface InterimResponse {
  readonly status: number;
  readonly headers: TestHeaders;
}

export interface ResponseParts {
  readonly status: number;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  readonly interim: readonly InterimResponse[];
  readonly complete: boolean;
}

export class TestResponse extends TestBody {
  readonly status: number;
  readonly headers: TestHeaders;
  readonly trailers: TestHeaders;
  /** 1xx responses that came before, 100 among them. */
  readonly interim: readonly InterimResponse[];
  /** False when the connection ended before the response did: it was cut off. */
  readonly complete: boolean;
  readonly #findRecord: (requestId: string | null) => AccessRecord | null;

  constructor(parts: ResponseParts, findRecord: (requestId: string | null) => AccessRecord | null) {
    super(parts.body);
    this.status = parts.status;
    this.headers = new TestHeaders(parts.fields);
    this.trailers = new TestHeaders(parts.trailers);
    this.interim = parts.interim;
    this.complete = parts.complete;
    this.#findRecord = findRecord;
  }

  /** The line of the access log; null while the exchange has not ended. Also there when the configuration says `accessLog: off`. */
  get record(): AccessRecord | null {
    return this.#findRecord(this.headers.get("x-request-id"));
  }

  /** The route's name; null when none was found. */
  get route(): string | null {
    return this.record?.route ?? null;
  }

  /** The upstream that was asked; null when none was. */
  get upstream(): string | null {
    return this.record?.upstream ?? null;
  }

  /** The code of the fault that the exchange met, `SP_…`; null when all went well. */
  get fault(): string | null {
    return this.record?.fault ?? null;
  }
}
