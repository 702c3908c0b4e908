// Pseudo-fields of requests: which there must be, which may not, where they stand and what they hold (RFC 9113 8.3, RFC 8441).

import { ENDERS, get, type Line, passes, pseudo, type RequestFieldCase, refused, sent, sentGet } from "./field-case.ts";

const LATE: readonly Line[] = [
  [":method", "POST"],
  [":scheme", "https"],
  [":authority", "b.example"],
  [":path", "/smuggled"],
  [":protocol", "websocket"],
  [":status", "200"],
  [":unknown", "x"],
];

const presence: readonly RequestFieldCase[] = [
  passes("the four of them make a request", get(), sentGet()),
  passes(
    "they may come in any order",
    [
      [":path", "/first"],
      [":authority", "a.example"],
      [":scheme", "https"],
      [":method", "GET"],
    ],
    sentGet(),
  ),
  ...[":method", ":scheme", ":path"].map((name) =>
    refused(`a request without ${name} is refused`, pseudo({ [name]: null }), "SP_H2_BAD_PSEUDO_FIELD"),
  ),
  refused("a block without any is refused", [["accept", "*/*"]], "SP_H2_BAD_PSEUDO_FIELD"),
  refused("an empty block is refused", [], "SP_H2_BAD_PSEUDO_FIELD"),
  ...Object.entries({ ":method": "GET", ":scheme": "https", ":authority": "a.example", ":path": "/first" }).flatMap(([name, value]) => [
    refused(`${name} twice with one value is refused`, [...pseudo(), [name, value]], "SP_H2_BAD_PSEUDO_FIELD"),
    refused(`an empty ${name} is refused`, pseudo({ [name]: "" }), "SP_H2_BAD_PSEUDO_FIELD"),
  ]),
  refused("a second :path is refused", [...pseudo(), [":path", "/smuggled"]], "SP_H2_BAD_PSEUDO_FIELD"),
  refused("a second :authority is refused", [...pseudo(), [":authority", "b.example"]], "SP_H2_BAD_PSEUDO_FIELD"),
  refused("a second :method is refused", [...pseudo(), [":method", "POST"]], "SP_H2_BAD_PSEUDO_FIELD"),
];

const unknown: readonly RequestFieldCase[] = [
  [":status", "200"],
  [":unknown", "x"],
  [":", "x"],
  ["::path", "/smuggled"],
  [":path:", "/smuggled"],
  [":Path", "/smuggled"],
  [":PATH", "/smuggled"],
  [":host", "b.example"],
  [":path ", "/smuggled"],
  [" :path", "/smuggled"],
  [":content-length", "5"],
  [":transfer-encoding", "chunked"],
  [":protocol", "websocket"],
].map(([name = "", value = ""]) => {
  const isName = name.startsWith(" ");
  return refused(
    `${JSON.stringify(name)} beside the four is refused`,
    [...pseudo(), [name, value]],
    isName ? "SP_H2_BAD_FIELD_NAME" : "SP_H2_BAD_PSEUDO_FIELD",
  );
});

const late: readonly RequestFieldCase[] = [
  ...LATE.map((line) => refused(`${line[0]} behind a regular field is refused`, get(["accept", "*/*"], line), "SP_H2_BAD_PSEUDO_FIELD")),
  refused(
    "the only :path behind a regular field is refused",
    [...pseudo({ ":path": null }), ["accept", "*/*"], [":path", "/first"]],
    "SP_H2_BAD_PSEUDO_FIELD",
  ),
  ...["te", "host", "content-length", "expect", "trailer"].map((name) => {
    const value = { te: "trailers", host: "a.example", "content-length": "0", expect: "100-continue", trailer: "x" }[name] ?? "";
    return refused(
      `a :path behind ${name}, which is no field any more by then, is refused`,
      [...pseudo({ ":path": null }), [name, value], [":path", "/first"]],
      "SP_H2_BAD_PSEUDO_FIELD",
    );
  }),
];

const injected: readonly RequestFieldCase[] = [":method", ":scheme", ":authority", ":path"].flatMap((name) => [
  ...ENDERS.map(([what, text]) =>
    refused(`${name} with ${what} inside is refused`, pseudo({ [name]: `${pseudoValue(name)}${text}x` }), "SP_H2_BAD_FIELD_VALUE"),
  ),
  refused(`${name} with CR LF at its end is refused`, pseudo({ [name]: `${pseudoValue(name)}\r\n` }), "SP_H2_BAD_FIELD_VALUE"),
  refused(`${name} with a space before it is refused`, pseudo({ [name]: ` ${pseudoValue(name)}` }), "SP_H2_BAD_FIELD_VALUE"),
  refused(`${name} with a tab behind it is refused`, pseudo({ [name]: `${pseudoValue(name)}\t` }), "SP_H2_BAD_FIELD_VALUE"),
]);

function pseudoValue(name: string): string {
  return pseudo().find((line) => line[0] === name)?.[1] ?? "";
}

const methods: readonly RequestFieldCase[] = [
  passes("a method that nobody knows passes as it is", pseudo({ ":method": "PURGE" }), sent("PURGE /first")),
  passes("a method in lower case is another one, and passes as it is", pseudo({ ":method": "get" }), sent("get /first")),
  passes("a method of every sort of tchar passes", pseudo({ ":method": "!#$%&'*+-.^_`|~09aZ" }), sent("!#$%&'*+-.^_`|~09aZ /first")),
  passes("a method of 32 characters passes", pseudo({ ":method": "M".repeat(32) }), sent(`${"M".repeat(32)} /first`)),
  refused("a method of 33 characters is refused", pseudo({ ":method": "M".repeat(33) }), "SP_H2_METHOD_NOT_IMPLEMENTED"),
  refused("TRACE is refused", pseudo({ ":method": "TRACE" }), "SP_H2_METHOD_NOT_IMPLEMENTED"),
  ...["GET /smuggled HTTP/1.1", "GET ", "G T", "G:T", "G\xe9T", "G(T", "G/T", "GET,POST", 'G"T'].map((value) =>
    refused(
      `the method ${JSON.stringify(value)} is refused`,
      pseudo({ ":method": value }),
      value.endsWith(" ") ? "SP_H2_BAD_FIELD_VALUE" : "SP_H2_BAD_PSEUDO_FIELD",
    ),
  ),
];

const schemes: readonly RequestFieldCase[] = [
  passes("http passes where there is no TLS", pseudo({ ":scheme": "http" }), sentGet(), { scheme: "http" }),
  passes("http passes behind TLS", pseudo({ ":scheme": "http" }), sentGet()),
  passes("https passes where there is no TLS: a proxy before us may have ended it", pseudo(), sentGet(), { scheme: "http" }),
  ...["HTTPS", "ftp", "https:", "https://b.example/smuggled?", "https ://", "wss", "file"].map((value) =>
    refused(`the scheme ${JSON.stringify(value)} is refused`, pseudo({ ":scheme": value }), "SP_H2_BAD_SCHEME"),
  ),
];

export const pseudoFieldCases: readonly RequestFieldCase[] = [...presence, ...unknown, ...late, ...injected, ...methods, ...schemes];
