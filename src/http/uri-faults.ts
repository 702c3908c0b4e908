// What can be wrong with a request target or a Host value. All are the client's and close its connection: a sender that
// spells a target in a way two readers may understand differently is not trusted with a second request on it.

import { defineFault, type FaultDefinition } from "../base/index.ts";

function refuse(condition: string, title: string, remedy: string): FaultDefinition {
  return defineFault({ code: `SP_URI_${condition}`, status: 400, grpc: 3, blame: "client", retry: "never", closes: true, title, remedy });
}

export const URI = {
  TARGET_FORM: refuse(
    "TARGET_FORM",
    "The request target is not in a form that the method allows",
    "Send origin-form (/path) or absolute-form (http://host/path); * is for OPTIONS, host:port for CONNECT (RFC 9112 3.2).",
  ),
  USERINFO: refuse("USERINFO", "The request target must not hold user information", "Send credentials in Authorization (RFC 9110 4.2.4)."),
  HOST_INVALID: refuse(
    "HOST_INVALID",
    "The host is not a valid name, IPv4 or bracketed IPv6 address with an optional port",
    "Names are labels of letters, digits, - and _; no percent-escapes, lists or empty ports (RFC 9110 7.2).",
  ),
  HOST_MISMATCH: refuse(
    "HOST_MISMATCH",
    "The host of the request target and the Host field differ",
    "Two hosts in one request are a routing attack or a broken client; send the same authority in both (RFC 9112 3.2.2).",
  ),
  QUERY_CHARACTER: refuse(
    "QUERY_CHARACTER",
    "The query holds a character that must be percent-encoded",
    "Percent-encode spaces, controls, # and everything outside ASCII.",
  ),
  PATH_CHARACTER: refuse(
    "PATH_CHARACTER",
    "The path holds a character that must be percent-encoded",
    "Percent-encode everything but RFC 3986 pchar; a fragment (#) is never sent.",
  ),
  ESCAPE_INVALID: refuse(
    "ESCAPE_INVALID",
    "The path holds a malformed percent-escape",
    "A % must be followed by two hexadecimal digits; a literal % is %25.",
  ),
  ESCAPE_UTF8: refuse(
    "ESCAPE_UTF8",
    "The path holds percent-escapes that are not valid UTF-8",
    "Overlong and broken sequences are refused, for some servers decode %C0%AF to a slash.",
  ),
  ENCODED_CONTROL: refuse("ENCODED_CONTROL", "The path holds an encoded control character", "%00 to %1F and %7F have no place in a path."),
  ENCODED_SLASH: refuse(
    "ENCODED_SLASH",
    "The path holds an encoded slash",
    "Set paths.encodedSlash to keep if upstreams use %2F as data and never decode it before they authorise.",
  ),
  BACKSLASH: refuse("BACKSLASH", "The path holds a backslash", "Some servers read \\ as /, so neither \\ nor %5C is accepted."),
  DUPLICATE_SLASH: refuse("DUPLICATE_SLASH", "The path holds an empty segment", "Refused because paths.duplicateSlashes is reject."),
  DOT_SEGMENT: refuse(
    "DOT_SEGMENT",
    "The path holds a dot segment",
    "Refused because paths.dotSegments is reject; resolve . and .. before sending.",
  ),
  ABOVE_ROOT: refuse("ABOVE_ROOT", "The path climbs above its root", "There are more .. segments than segments before them."),
  DOT_DISGUISED: refuse(
    "DOT_DISGUISED",
    "The path holds a disguised dot segment",
    "A segment that is . or .. once its ;parameters are stripped, or between encoded slashes, is resolved by some servers and not by others.",
  ),
} as const;
