export { trimBlank } from "./blank.ts";
export { getOnlyCookie } from "./cookie.ts";
export * as FLOW from "./faults.ts";
export { type FieldName, FOLD, FoldedNames, fieldName, foldName, hashFolded, isFoldedName, isSameName, isToken } from "./field-name.ts";
export { FieldBlock, Fields, hasFolded } from "./fields.ts";
export { RequestHead, ResponseHead, UNKNOWN_LENGTH } from "./heads.ts";
export { type Host, parseHost } from "./host.ts";
export * as FIELD from "./known-fields.ts";
export { ParameterNames } from "./parameter-names.ts";
export { DEFAULT_PATH_RULES, normalisePath, type PathRules } from "./path.ts";
export { escapeAt } from "./percent.ts";
export type {
  ClientEvents,
  ClientFacts,
  ClientSide,
  ClientTlsFacts,
  RequestAcceptor,
  Toll,
  UpstreamEvents,
  UpstreamRequest,
  UpstreamStream,
  WebSocketLimits,
} from "./sides.ts";
export { isBodiless, reasonPhrase } from "./status.ts";
export { ABSOLUTE_FORM, ASTERISK_FORM, AUTHORITY_FORM, checkAuthority, ORIGIN_FORM, parseTarget, Target } from "./uri.ts";
export { addVary } from "./vary.ts";
