// The field names that the gateway itself reads or writes.

import { fieldName } from "./field-name.ts";

export const ACCEPT = fieldName("Accept");
export const ALLOW = fieldName("Allow");
export const AUTHORIZATION = fieldName("Authorization");
export const CACHE_CONTROL = fieldName("Cache-Control");
export const CONNECTION = fieldName("Connection");
export const CONTENT_LENGTH = fieldName("Content-Length");
export const CONTENT_TYPE = fieldName("Content-Type");
export const COOKIE = fieldName("Cookie");
export const DATE = fieldName("Date");
export const EXPECT = fieldName("Expect");
export const FORWARDED = fieldName("Forwarded");
export const HOST = fieldName("Host");
export const KEEP_ALIVE = fieldName("Keep-Alive");
export const LOCATION = fieldName("Location");
export const PROXY_AUTHENTICATE = fieldName("Proxy-Authenticate");
export const PROXY_AUTHORIZATION = fieldName("Proxy-Authorization");
export const PROXY_CONNECTION = fieldName("Proxy-Connection");
export const RETRY_AFTER = fieldName("Retry-After");
export const SERVER = fieldName("Server");
export const TE = fieldName("TE");
export const TRAILER = fieldName("Trailer");
export const TRANSFER_ENCODING = fieldName("Transfer-Encoding");
export const UPGRADE = fieldName("Upgrade");
export const VARY = fieldName("Vary");
export const VIA = fieldName("Via");
export const X_FORWARDED_FOR = fieldName("X-Forwarded-For");
export const X_FORWARDED_HOST = fieldName("X-Forwarded-Host");
export const X_FORWARDED_PORT = fieldName("X-Forwarded-Port");
export const X_FORWARDED_PROTO = fieldName("X-Forwarded-Proto");
export const X_REAL_IP = fieldName("X-Real-IP");
export const X_REQUEST_ID = fieldName("X-Request-Id");
