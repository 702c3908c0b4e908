// What an operator demands of every route, in the words of the configuration: `check` refuses one that breaks it.

import type * as z from "zod";
import { choice, fields, fullList, list, plainText, text } from "./fields.ts";
import {
  HOST_EXPECTATION,
  METHOD_EXPECTATION,
  NAME_EXPECTATION,
  PATTERN_EXPECTATION,
  parseHostPattern,
  parseMethod,
  parseName,
  parsePathPattern,
} from "./patterns.ts";

/** Keys of a route whose presence can be demanded; a default counts as the route's own. */
export const DEMANDABLE = [
  "auth",
  "authorize",
  "bounds",
  "cors",
  "errors",
  "hosts",
  "lifecycle",
  "maintenance",
  "methods",
  "public",
  "rateLimits",
  "redirect",
  "respond",
  "retry",
  "securityHeaders",
  "timeout",
  "upstream",
] as const;

const plain = {
  has: list(choice(DEMANDABLE, "A key."), "Keys that the route has, of its own or by default.").optional(),
  lacks: list(choice(DEMANDABLE, "A key."), "Keys that the route does not have.").optional(),
  names: fullList(
    plainText("a name, or a pattern such as `admin-*`", "A name; `*` stands for any part."),
    "The route's name is one of these.",
  ).optional(),
  teams: fullList(text(parseName, NAME_EXPECTATION, "A team."), "The route is of one of these teams.").optional(),
  hosts: fullList(
    text(parseHostPattern, HOST_EXPECTATION, "A host or `*.example.com`."),
    "Every host that the route takes is one of these, or below it.",
  ).optional(),
  paths: fullList(
    text(parsePathPattern, PATTERN_EXPECTATION, "A path pattern."),
    "Every path that the route takes is within one of these.",
  ).optional(),
  takes: fullList(
    text(parsePathPattern, PATTERN_EXPECTATION, "A path pattern."),
    "The route takes some path of one of these: `/*` takes some of `/admin/*`, though not all that it takes is within it.",
  ).optional(),
  methods: fullList(text(parseMethod, METHOD_EXPECTATION, "A method."), "The route takes at least one of these.").optional(),
  onlyMethods: fullList(text(parseMethod, METHOD_EXPECTATION, "A method."), "The route takes none but these.").optional(),
  upstreams: fullList(text(parseName, "the name of an upstream", "An upstream."), "One of these answers.").optional(),
};

/** All that is written must hold. */
const predicate = fields(
  {
    ...plain,
    anyOf: fullList(fields(plain, "One of several."), "At least one of these holds.").optional(),
    noneOf: fullList(fields(plain, "One of several."), "None of these holds.").optional(),
  },
  "What is true of a route. All that is written must hold.",
);

export const invariant = fields(
  {
    name: text(parseName, NAME_EXPECTATION, "Stands in messages."),
    where: predicate.prefault({}).meta({ description: "The routes it speaks of; all when left out." }),
    require: predicate.meta({ description: "What must be true of each of them." }),
    level: choice(["error", "warning"], "Whether breaking it refuses the configuration.").default("error"),
    because: plainText("a sentence", "The reason, shown to whoever breaks it.").optional(),
  },
  "What must be true of routes.",
);

export type Invariant = z.output<typeof invariant>;
export type Predicate = z.output<typeof predicate>;
