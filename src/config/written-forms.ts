// How values are written, for editors: a pattern and examples for each parser of texts. Not what decides: a parser may refuse what its
// pattern lets pass, never the other way round, which json-schema.test.ts holds them to.

import { parseEndpointUrl, parseListenAddress, parseProxyBlock } from "./addresses.ts";
import { parseConditionField, parseFieldName } from "./header-text.ts";
import { parseHostName, parseIssuedName } from "./host-names.ts";
import { parseLimitRate, parseNodeUrl, parseRedisUrl, parseShare } from "./limit-values.ts";
import { parseHostPattern, parseMethod, parseName, parsePathPattern, parsePathPrefix } from "./patterns.ts";
import type { QuantityForm } from "./quantities.ts";
import type { ValueParser } from "./refusal.ts";
import {
  parseDate,
  parseDirectoryUrl,
  parseMediaType,
  parseOrigin,
  parsePathTemplate,
  parsePointer,
  parseRedirectTarget,
  parseUrl,
} from "./route-values.ts";

export interface WrittenForm {
  /** ECMA-262, with both anchors. Undefined: whatever is text. */
  readonly pattern?: string;
  readonly examples: readonly string[];
}

const TOKEN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$";
const UNITS = { duration: "(?:ms|s|m|h|d)", size: "(?:B|KiB|MiB|GiB)", rate: "(?:B|KiB|MiB|GiB)/s" };

const FORMS = new Map<ValueParser<unknown>, WrittenForm>([
  [parseName, { pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$", examples: [] }],
  [parseFieldName, { pattern: TOKEN, examples: ["X-Edge"] }],
  [parseConditionField, { pattern: TOKEN, examples: ["X-Api-Version"] }],
  [parseMethod, { pattern: "^[!#$%&'*+.^_`|~0-9A-Z-]{1,32}$", examples: ["GET", "POST", "PUT", "PATCH", "DELETE"] }],
  [parseHostPattern, { pattern: "^(?:\\*\\.)?[A-Za-z0-9_.-]+$", examples: ["api.example.com", "*.example.com"] }],
  [parseHostName, { pattern: "^[A-Za-z0-9_.-]+$", examples: ["orders.internal"] }],
  [parseIssuedName, { pattern: "^[A-Za-z0-9_.-]+$", examples: ["www.example.com"] }],
  [parsePathPattern, { pattern: "^/[!-~]*$", examples: ["/exact", "/x/*", "/x/:id/y"] }],
  [parsePathPrefix, { pattern: "^/[!-~]+$", examples: ["/api"] }],
  [parsePathTemplate, { pattern: "^/[!-~]*$", examples: ["/v2/*", "/users/:id"] }],
  [parseRedirectTarget, { pattern: "^(?:/|https?://)[!-~]*$", examples: ["/v2/*", "https://www.example.com/*"] }],
  [
    parseOrigin,
    { pattern: "^(?:\\*|[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+)$", examples: ["https://shop.example.com", "https://*.example.com"] },
  ],
  [
    parseDate,
    {
      pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\\.[0-9]+)?Z)?$",
      examples: ["2026-12-31", "2026-12-31T12:00:00Z"],
    },
  ],
  [parseMediaType, { pattern: "^[^/\\s*+]+/[^/\\s*+]+$", examples: ["application/vnd.acme.orders"] }],
  [parsePointer, { pattern: "^/", examples: ["/error/message"] }],
  [parseUrl, { pattern: "^https?://[!-~]+$", examples: ["https://example.com/page"] }],
  [parseDirectoryUrl, { pattern: "^https://[!-~]+$", examples: ["https://acme-v02.api.letsencrypt.org/directory"] }],
  [parseLimitRate, { pattern: "^[0-9]{1,10}/[smhd]$", examples: ["50/s", "100/m"] }],
  [parseShare, { pattern: "^[0-9]{1,3}(?:\\.[0-9]{1,3})?%$", examples: ["80%"] }],
  [parseRedisUrl, { pattern: "^rediss?://[!-~]+$", examples: ["redis://127.0.0.1:6379"] }],
  [parseNodeUrl, { pattern: "^rediss?://[!-~]+$", examples: ["redis://127.0.0.1:6379"] }],
  [parseProxyBlock, { pattern: "^[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?$", examples: ["10.0.0.0/8", "fd00::/8"] }],
  [
    parseListenAddress,
    {
      pattern: "^(?:unix:.+|(?:[0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5})$",
      examples: ["127.0.0.1:8080", "[::1]:8080", "unix:/run/gateway.sock"],
    },
  ],
  [
    parseEndpointUrl,
    {
      pattern: "^(?:unix:.+|https?://[^/?#@\\\\]+)$",
      examples: ["http://127.0.0.1:3001", "https://orders.internal:8443", "unix:/run/service.sock"],
    },
  ],
]);

/** Undefined: any text may be right. */
export function toWrittenForm(parse: ValueParser<unknown>): WrittenForm | undefined {
  return FORMS.get(parse);
}

export function toQuantityForm(form: QuantityForm, kind: keyof typeof UNITS): WrittenForm {
  const amount = `0*[1-9][0-9]{0,14}${UNITS[kind]}`;
  return { pattern: form.off ? `^(?:off|${amount})$` : `^${amount}$`, examples: form.off ? [form.example, "off"] : [form.example] };
}
