// Configurations in TypeScript. The compiler checks what names refer to: a route that names an upstream, identity, limit, API or version
// that is not there does not compile, nor does one that needs to know the caller and asks for nobody. Everything else is checked when
// the configuration is loaded, as in YAML.

import type { ConfigurationInput, TeamInput } from "./schema.ts";

type Written<Key extends keyof ConfigurationInput> = NonNullable<ConfigurationInput[Key]>;
type RouteInput = Written<"routes">[number];
type ApiInput = Written<"apis">[string];
type IdentityDefinition = Written<"identities">[string];
type WrittenLimit = Written<"rateLimits">[string];
type LimitKey = Exclude<WrittenLimit["key"], readonly unknown[]>;
type PrincipalKey = "user" | "tenant" | "apiKey" | "plan" | { claim: string };
/** What only a caller who is known can be, or be exempt for. */
type OfPrincipal = { tiers: object } | { exempt: { users: object } | { roles: object } | { plans: object } };
/** With a list of keys as the compiler infers one from what is written. */
type RateLimitDefinition = Omit<WrittenLimit, "key"> & { key: LimitKey | readonly LimitKey[] };
type AuthDefinition<Identity extends string> = readonly Identity[] | { anyOf: readonly Identity[]; optional?: boolean };
type Limits = Readonly<Record<string, RateLimitDefinition>>;
type Apis = Readonly<Record<string, ApiInput>>;

type KeyParts<Limit extends RateLimitDefinition> = Limit["key"] extends readonly (infer Each)[] ? Each : Limit["key"];
/** Limits that count by who calls. */
type NeedsPrincipal<Limit extends RateLimitDefinition> = Limit extends OfPrincipal
  ? true
  : Extract<KeyParts<Limit>, PrincipalKey> extends never
    ? false
    : true;
type AnonymousLimit<All extends Limits> = {
  [Name in keyof All & string]: NeedsPrincipal<All[Name]> extends true ? never : Name;
}[keyof All & string];
/** Those of them that need not know which route it is. */
type UnroutedLimit<All extends Limits> = {
  [Name in AnonymousLimit<All>]: Extract<KeyParts<All[Name]>, "route" | "endpoint"> extends never ? Name : never;
}[AnonymousLimit<All>];
type LimitUses<Name extends string> = readonly (Name | { limit: Name; cost?: number })[];

// Interfaces, so that the compiler's messages are short: "Property 'upstream' is missing in type … but required in type 'AnsweredByUpstream'".

interface ForIdentities<Identity extends string, All extends Limits> {
  public?: never;
  auth: AuthDefinition<Identity>;
  authorize?: NonNullable<RouteInput["authorize"]>;
  forwardCredential?: boolean;
  rateLimits?: LimitUses<keyof All & string>;
}
interface ForEverybody<All extends Limits> {
  public: true;
  auth?: never;
  authorize?: never;
  forwardCredential?: never;
  rateLimits?: LimitUses<AnonymousLimit<All>>;
}
/** One of the two: everybody, or those whom an identity knows. What reads the caller needs the second. */
type Access<Identity extends string, All extends Limits> = ForEverybody<All> | ForIdentities<Identity, All>;

interface AnsweredBySplit<Upstream extends string> {
  split: readonly { upstream: Upstream; weight?: number }[];
  upstream?: never;
  redirect?: never;
  respond?: never;
}
interface AnsweredByGateway {
  respond: NonNullable<RouteInput["respond"]>;
  upstream?: never;
  redirect?: never;
  split?: never;
}
interface AnsweredByRedirect {
  redirect: NonNullable<RouteInput["redirect"]>;
  upstream?: never;
  respond?: never;
  split?: never;
}
interface AnsweredByUpstream<Upstream extends string> {
  upstream: Upstream;
  redirect?: never;
  respond?: never;
  split?: never;
}
/** One of the four. */
type Action<Upstream extends string> = AnsweredBySplit<Upstream> | AnsweredByGateway | AnsweredByRedirect | AnsweredByUpstream<Upstream>;

/** One API, and those of its versions that there are. */
type ApiReference<All extends Apis> = {
  [Name in keyof All & string]: { name: Name; versions: readonly (keyof All[Name]["versions"] & string)[] };
}[keyof All & string];

type RouteKeys =
  | "public"
  | "auth"
  | "authorize"
  | "forwardCredential"
  | "rateLimits"
  | "upstream"
  | "redirect"
  | "respond"
  | "split"
  | "api";

interface RouteParts<Versioned extends Apis> extends Omit<RouteInput, RouteKeys> {
  api?: ApiReference<Versioned>;
}

export type RouteDefinition<
  Upstream extends string,
  Identity extends string,
  All extends Limits,
  Versioned extends Apis,
> = RouteParts<Versioned> & Action<Upstream> & Access<Identity, All>;

type ListenerDefinition<All extends Limits> = Omit<Written<"listeners">[number], "rateLimits"> & {
  /** Before routing: nobody knows yet who calls, nor for which route. */
  rateLimits?: LimitUses<UnroutedLimit<All>>;
};

type GatewayKeys = "upstreams" | "identities" | "rateLimits" | "apis" | "routes" | "listeners";

export interface GatewayDefinition<Upstream extends string, Identity extends string, All extends Limits, Versioned extends Apis>
  extends Omit<ConfigurationInput, GatewayKeys> {
  listeners: readonly ListenerDefinition<NoInfer<All>>[];
  upstreams?: Readonly<Record<Upstream, Written<"upstreams">[string]>>;
  identities?: Readonly<Record<Identity, IdentityDefinition>>;
  rateLimits?: All;
  apis?: Versioned;
  routes?: readonly RouteDefinition<NoInfer<Upstream>, NoInfer<Identity>, NoInfer<All>, NoInfer<Versioned>>[];
}

// biome-ignore lint/complexity/noBannedTypes: what is not written has no names
type None = {};

/** The configuration of one gateway, checked by the compiler. `export default defineGateway({ … })` ends the file. */
export function defineGateway<
  const Upstream extends string = never,
  const Identity extends string = never,
  const All extends Limits = None,
  const Versioned extends Apis = None,
>(definition: GatewayDefinition<Upstream, Identity, All, Versioned>): ConfigurationInput {
  // Narrower than what loading takes: names are among those that there are.
  return definition as unknown as ConfigurationInput;
}

export type { TeamInput };
