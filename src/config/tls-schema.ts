// TLS and PROXY headers as users write them, of listeners, upstreams and the admin address, and the authority that issues certificates.
// Files are read in pem-files.ts; what the certificates in them say is judged by the room that knows certificates.

import * as z from "zod";
import { CIDR_EXPECTATION, parseProxyBlock } from "./addresses.ts";
import { choice, duration, fields, fullList, plainText, shapedText, text } from "./fields.ts";
import { HOST_NAME_EXPECTATION, ISSUED_NAME_EXPECTATION, parseHostName, parseIssuedName } from "./host-names.ts";
import { parseDirectoryUrl, URL_EXPECTATION } from "./route-values.ts";

const path = (description: string) => plainText("a file's path", description);
const minVersion = choice(["1.2", "1.3"], 'The oldest version that is spoken, quoted: `"1.2"`.').default("1.2");
const crl = z
  .union([path("A file with revocation lists."), fullList(path("A file with revocation lists."), "Several files.")], {
    error: "a file's path, or a list of paths",
  })
  .meta({
    description: "Revocation lists as PEM, of every authority in the chains; without it nobody asks whether a certificate was revoked.",
  });

const clientAuth = fields(
  {
    ca: path("Who signs clients' certificates, as PEM."),
    crl: crl.optional(),
    mode: choice(
      ["optional", "required"],
      "Whether each client must have a certificate. One that is shown and not good is refused in both.",
    ),
  },
  "Certificates of clients.",
);

const issued = fields(
  {
    names: fullList(
      text(parseIssuedName, ISSUED_NAME_EXPECTATION, "A host name."),
      "What it is for. No wildcards: no challenge here can prove them.",
    ),
  },
  "A certificate that the authority of `acme` issues and renews.",
);

type ClientAuthWritten = z.input<typeof clientAuth>;
interface FilesWritten {
  cert: string;
  key: string;
  acme?: undefined;
  clientAuth?: ClientAuthWritten | undefined;
}
interface IssuedWritten {
  acme: z.input<typeof issued>;
  cert?: undefined;
  key?: undefined;
  clientAuth?: ClientAuthWritten | undefined;
}

const looseCertificate = fields(
  {
    cert: path("The certificate with its chain, as PEM.").optional(),
    key: path("Its key, as PEM.").optional(),
    acme: issued.optional(),
    clientAuth: clientAuth.optional(),
  },
  "A certificate: from files (`cert`, `key`), or from an authority (`acme`).",
);
// To the compiler one of the two; in a file check-tls.ts says so, since it can say it in words.
const certificate = looseCertificate as unknown as z.ZodType<z.output<typeof looseCertificate>, FilesWritten | IssuedWritten>;

export const listenerTls = fields(
  { minVersion, certificates: fullList(certificate, "Chosen by SNI from the names in the certificate; the first is the default.") },
  "TLS for clients.",
);

export const upstreamTls = fields(
  {
    ca: path("Who signs the endpoints' certificates, as PEM; without it the authorities that the runtime ships.").optional(),
    crl: crl.optional(),
    cert: path("The certificate that the gateway shows, with its chain, as PEM.").optional(),
    key: path("Its key, as PEM.").optional(),
    serverName: text(
      parseHostName,
      HOST_NAME_EXPECTATION,
      "The name that the endpoints' certificates must carry; without it each endpoint's own host.",
    ).optional(),
    minVersion,
  },
  "How the endpoints prove who they are, and the gateway who it is. Endpoints that are `https://` are verified without it, too.",
);

export const listenerProxyProtocol = fields(
  { from: fullList(text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."), "Who sends them.") },
  "Connections from there begin with a PROXY header (version 1 or 2) that says whose they are; those without one are ended.",
);

export const upstreamProxyProtocol = choice(
  ["v1", "v2"],
  "Each connection begins with a PROXY header of this version for one client, and serves that client alone.",
);

export const acme = fields(
  {
    directory: text(parseDirectoryUrl, URL_EXPECTATION, "The authority's directory (RFC 8555), `https://…`."),
    email: shapedText(/^[^@\s]+@[^@\s]+$/, "an address such as `ops@example.com`", "Whom the authority writes to.").optional(),
    challenge: choice(
      ["http-01", "tls-alpn-01"],
      "How names are proved: by an answer of a cleartext listener at port 80, or of a TLS listener at port 443.",
    ).default("http-01"),
    ca: path("Who signed the directory's own certificate, as PEM; without it the authorities that the runtime ships.").optional(),
    externalAccount: fields(
      {
        keyId: plainText("text", "The key's name."),
        hmacKey: plainText("text in base64url", "The key, by reference: `${env:NAME}`."),
      },
      "An account that the authority knows already (RFC 8555 7.3.4).",
    ).optional(),
    renewBefore: duration({ example: "30d", off: false, max: "365d" }, "How long before its end a certificate is renewed.").prefault("30d"),
  },
  "The authority that issues the certificates of listeners that ask for one.",
);
