// One request as it arrived at a fake upstream: after routing, rewriting and every policy.

import { TestBody } from "./body-bytes.ts";
import type { RawMessage } from "./raw-message.ts";
import { TestHeaders } from "./test-headers.ts";

export class UpstreamRequest extends TestBody {
  readonly method: string;
  /** As in the request line: path and query. */
  readonly target: string;
  readonly path: string;
  /** Behind the question mark, as it came; empty when there is none. */
  readonly query: string;
  /** The value of Host. */
  readonly host: string;
  readonly headers: TestHeaders;
  readonly trailers: TestHeaders;
  readonly upstream: string;
  /** The address that was connected to, `host:port`. */
  readonly endpoint: string;

  constructor(message: RawMessage, upstream: string, endpoint: string) {
    super(message.body);
    const [method = "", target = ""] = message.startLine.split(" ");
    const mark = target.indexOf("?");
    this.method = method;
    this.target = target;
    this.path = mark < 0 ? target : target.slice(0, mark);
    this.query = mark < 0 ? "" : target.slice(mark + 1);
    this.headers = new TestHeaders(message.fields);
    this.trailers = new TestHeaders(message.trailers);
    this.host = this.headers.get("host") ?? "";
    this.upstream = upstream;
    this.endpoint = endpoint;
  }

  /** Values of query parameters by name, decoded. */
  get searchParams(): URLSearchParams {
    return new URLSearchParams(this.query);
  }
}
