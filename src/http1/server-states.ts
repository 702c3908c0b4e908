// Where a client connection stands.
//
// States, by what the next byte from the client is:
//   HEAD    of a request's head, or nothing yet            → BODY | WAIT | LINGER
//   BODY    of the request's body                          → WAIT | TUNNEL | LINGER
//   WAIT    of a pipelined request, left where it is       → HEAD | TUNNEL | LINGER
//   TUNNEL  of whatever 101 switched to                    → LINGER
//   LINGER  read and thrown away: the response is on its way, and closing with unread bytes would reset it (RFC 9112 9.6)
//   CLOSED

export const HEAD = 0;
export const BODY = 1;
export const WAIT = 2;
export const TUNNEL = 3;
export const LINGER = 4;
export const CLOSED = 5;
