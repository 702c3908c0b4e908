// The head of an answer in the gateway's own name: what follows it, and what Content-Length says. @hot

import { type Fields, isBodiless, ResponseHead, UNKNOWN_LENGTH } from "../http/index.ts";

/**
 * For a body of `length` bytes, which is not sent where the method or the status has none. A HEAD is told the length all the
 * same; 204 and 304 never are (RFC 9110 8.6).
 */
export function createOwnHead(method: string, status: number, fields: Fields, length: number): ResponseHead {
  const sent = isBodiless(method, status) ? 0 : length;
  return new ResponseHead(status, fields, sent, isBodiless("GET", status) ? UNKNOWN_LENGTH : length);
}
