// Field lines: names, values, folding, line ends (RFC 9112 5, RFC 9110 5), names that fold to framing fields, and the
// identity headers that no client may set.

import { CRLF, get, HOST, head, post, type RequestCase, refused, SMUGGLED, sawGet, sawPost, served } from "./request-case.ts";

const accepted: readonly RequestCase[] = [
  served(
    "a name of every sort of tchar is forwarded",
    get("/first", "!#$%&'*+-.^_`|~09azAZ: x"),
    sawGet("/first", { "!#$%&'*+-.^_`|~09azaz": "x" }),
  ),
  served("an empty value is forwarded", get("/first", "X-Empty:"), sawGet("/first", { "x-empty": "" })),
  served(
    "bytes above 0x7F in a value are forwarded as they are",
    get("/first", "X-Obs: \x80\xa0\xff"),
    sawGet("/first", { "x-obs": "\x80\xa0\xff" }),
  ),
  served("a tab inside a value is forwarded", get("/first", "X-Tab: a\tb"), sawGet("/first", { "x-tab": "a\tb" })),
  served("white space around a value is dropped", get("/first", "X-Pad: \t a b \t"), sawGet("/first", { "x-pad": "a b" })),
  served("repeated fields keep their order", get("/first", "X-Two: 1", "X-Two: 2"), sawGet("/first", { "x-two": ["1", "2"] })),
  served("a colon in a value is forwarded", get("/first", "X-Colon: : a:b"), sawGet("/first", { "x-colon": ": a:b" })),
  served("a name with an underscore is forwarded", get("/first", "My_Header: 1"), sawGet("/first", { my_header: "1" })),
  served(
    "a cookie with odd characters is forwarded",
    get("/first", 'Cookie: a="b\\"; c={}'),
    sawGet("/first", { cookie: 'a="b\\"; c={}' }),
  ),
];

const syntax: readonly RequestCase[] = [
  ["a name with a space", "X Y: z"],
  ["a name with a trailing space", "X : z"],
  ["a name with a trailing tab", "X\t: z"],
  ["a name with NUL", "X\x00Y: z"],
  ["a name with a control byte", "X\x01: z"],
  ["a name with DEL", "X\x7f: z"],
  ["a name with a byte above 0x7F", "X\xe9: z"],
  ["a name with a parenthesis", "X(: z"],
  ["a name with a quote", 'X": z'],
  ["a name with a comma", "X,Y: z"],
  ["a name with a slash", "X/Y: z"],
  ["a name with a semicolon", "X;Y: z"],
  ["a name with an equals sign", "X=Y: z"],
  ["a name with an at sign", "X@Y: z"],
  ["a name with a bracket", "X[0]: z"],
  ["a name with a brace", "X{Y}: z"],
  ["a name with a question mark", "X?: z"],
  ["a name with a backslash", "X\\Y: z"],
  ["an empty name", ": z"],
  ["an empty name and no value", ":"],
  ["no colon", "X"],
  ["no colon but words", "X Y Z"],
  ["a value with NUL", "X: a\x00b"],
  ["a value with NUL at the end", "X: a\x00"],
  ["a value with 0x01", "X: a\x01b"],
  ["a value with a backspace", "X: a\x08b"],
  ["a value with a vertical tab", "X: a\x0bb"],
  ["a value with a form feed", "X: a\x0cb"],
  ["a value with an escape byte", "X: a\x1b[31m"],
  ["a value with 0x1F", "X: a\x1fb"],
  ["a value with DEL", "X: a\x7fb"],
  ["a value with a bare CR", "X: a\rb"],
  ["a value with a bare CR at the end", "X: a\r"],
  ["a value with a bare LF", "X: a\nb"],
  ["a value with LF and a second field", "X: a\nY: b"],
  ["a value with CR and a second field", "X: a\rY: b"],
  ["a value folded with a space", `X: a${CRLF} b`],
  ["a value folded with a tab", `X: a${CRLF}\tb`],
  ["a value folded over an empty line of spaces", `X: a${CRLF}   `],
  ["a value folded after nothing", `X:${CRLF} b`],
  ["a leading space on the first line", " X: a"],
  ["a line of spaces", "   "],
  ["a line of a tab", "\t"],
  ["a second request line", "GET /smuggled HTTP/1.1"],
  ["a folded second request line", " GET /smuggled HTTP/1.1"],
].map(([what, line]) => refused(`a field with ${what} is refused`, get("/first", line as string) + SMUGGLED));

const headEnds: readonly RequestCase[] = [
  ["LF LF", `GET /first HTTP/1.1${CRLF}${HOST}\n\n`],
  ["CRLF LF", `GET /first HTTP/1.1${CRLF}${HOST}${CRLF}\n`],
  ["CR CR", `GET /first HTTP/1.1${CRLF}${HOST}\r\r`],
  ["CRLF CR and another byte", `GET /first HTTP/1.1${CRLF}${HOST}${CRLF}\rX`],
  ["CRLF CR CR LF", `GET /first HTTP/1.1${CRLF}${HOST}${CRLF}\r\r\n`],
  ["CR CR LF CR LF", `GET /first HTTP/1.1${CRLF}${HOST}\r\r\n\r\n`],
  ["LF CR LF", `GET /first HTTP/1.1${CRLF}${HOST}\n\r\n`],
  ["LF after every line", `GET /first HTTP/1.1\n${HOST}\n\n`],
  ["a form feed line", `GET /first HTTP/1.1${CRLF}${HOST}${CRLF}\x0c${CRLF}`],
  ["a NUL line", `GET /first HTTP/1.1${CRLF}${HOST}${CRLF}\x00${CRLF}${CRLF}`],
].map(([what, bytes]) => refused(`a head that ends in ${what} is refused`, bytes + SMUGGLED));

const framingAliases: readonly RequestCase[] = [
  ["Transfer_Encoding", "Transfer_Encoding: chunked"],
  ["transfer.encoding", "transfer.encoding: chunked"],
  ["content_length", "content_length: 0"],
  ["Content---Length", "Content---Length: 0"],
  ["Content!Length", "Content!Length: 0"],
  ["Content|Length", "Content|Length: 0"],
  ["Keep_Alive", "Keep_Alive: timeout=5"],
  ["Proxy_Connection", "Proxy_Connection: keep-alive"],
  ["Proxy--Connection", "Proxy--Connection: close"],
].map(([what, line]) => refused(`a field that folds to a framing field is refused: ${what}`, get("/first", line as string) + SMUGGLED));

const IDENTITY_ABSENT = {
  "x-user-id": null,
  x_user_id: null,
  "x-user--id": null,
  "x.user.id": null,
  "x-user_id": null,
  "x_user-id": null,
  "x~user~id": null,
} as const;

const identity: readonly RequestCase[] = [
  ...[
    ["X-User-Id", ["X-User-Id: root"]],
    ["x-user-id", ["x-user-id: root"]],
    ["X-USER-ID", ["X-USER-ID: root"]],
    ["X_User_Id", ["X_User_Id: root"]],
    ["X-User_Id", ["X-User_Id: root"]],
    ["X_USER_ID", ["X_USER_ID: root"]],
    ["X-User--Id", ["X-User--Id: root"]],
    ["X-_User_-Id", ["X-_User_-Id: root"]],
    ["X.User.Id", ["X.User.Id: root"]],
    ["X~User~Id", ["X~User~Id: root"]],
    ["an empty X-User-Id", ["X-User-Id:"]],
    ["X-User-Id twice", ["X-User-Id: root", "X-User-Id: admin"]],
    ["X-User-Id in two spellings", ["X-User-Id: root", "x_user_id: admin"]],
    ["X-User-Id nominated by Connection", ["Connection: X-User-Id", "X-User-Id: root"]],
    ["X-User-Id among others", ["A: 1", "X-User-Id: root", "B: 2"]],
  ].map(([what, lines]) =>
    served(`an identity header of a client is removed: ${what}`, get("/first", ...(lines as string[])), sawGet("/first", IDENTITY_ABSENT)),
  ),
  served("X-User-Roles of a client is removed", get("/first", "X-User-Roles: admin"), sawGet("/first", { "x-user-roles": null })),
  served("x_user_roles of a client is removed", get("/first", "x_user_roles: admin"), sawGet("/first", { x_user_roles: null })),
  served("X-Tenant-Id of a client is removed", get("/first", "X-Tenant-Id: 1"), sawGet("/first", { "x-tenant-id": null })),
  served("X_TENANT_ID of a client is removed", get("/first", "X_TENANT_ID: 1"), sawGet("/first", { x_tenant_id: null })),
  served(
    "an identity header beside a body is removed",
    post(["X-User-Id: root", "Content-Length: 5"], "hello"),
    sawPost("hello", "length", { "x-user-id": null }),
  ),
  served("an identity header of a second request is removed", get("/first") + get("/second", "X-User-Id: root"), [
    sawGet("/first"),
    sawGet("/second", { "x-user-id": null }),
  ]),
  refused("an identity header with a space before the colon is refused", get("/first", "X-User-Id : root")),
  refused("an identity header on a folded line is refused", get("/first", "A: b", " X-User-Id: root")),
  served(
    "a name that only resembles an identity header is forwarded",
    get("/first", "X-User-Identity: 1"),
    sawGet("/first", { "x-user-identity": "1" }),
  ),
];

const proxyFields: readonly RequestCase[] = [
  served(
    "X-Forwarded-For of an untrusted client is replaced",
    get("/first", "X-Forwarded-For: 10.0.0.1"),
    sawGet("/first", { "x-forwarded-for": "127.0.0.1" }),
  ),
  served("Forwarded of an untrusted client is not believed", get("/first", "Forwarded: for=10.0.0.1;host=evil"), sawGet("/first")),
  served(
    "X-Forwarded-Proto of an untrusted client is replaced",
    get("/first", "X-Forwarded-Proto: https"),
    sawGet("/first", { "x-forwarded-proto": "http" }),
  ),
  served("the gateway signs with Via", get("/first"), sawGet("/first", { via: "1.1 sallyport" })),
  served(
    "the gateway adds itself to a Via of the client",
    get("/first", "Via: 1.0 proxy"),
    sawGet("/first", { via: ["1.0 proxy", "1.1 sallyport"] }),
  ),
  served("a request head of HTTP/1.0 is forwarded as HTTP/1.1", head("GET /first HTTP/1.0", HOST), sawGet("/first"), { closes: true }),
];

export const fieldCases: readonly RequestCase[] = [...accepted, ...syntax, ...headEnds, ...framingAliases, ...identity, ...proxyFields];
