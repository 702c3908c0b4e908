// The admin address as users write it: where operators look in, and who may.

import type * as z from "zod";
import type { AddressConfig } from "./config.ts";
import { fields, list, shapedText, text } from "./fields.ts";
import { HOST_NAME_EXPECTATION, parseHostName } from "./host-names.ts";
import { listenerTls } from "./tls-schema.ts";

export function adminSection(address: z.ZodType<AddressConfig, string>) {
  return fields(
    {
      address,
      token: shapedText(
        /^[!-~]+$/,
        "one word of visible ASCII",
        "What requests carry as `Authorization: Bearer`, 16 characters at least, by reference. Needed where other machines can connect.",
      ).optional(),
      hosts: list(
        text(parseHostName, HOST_NAME_EXPECTATION, "A host name."),
        "Names that requests may carry in Host, besides the address itself.",
      ).prefault([]),
      tls: listenerTls.optional(),
    },
    "The admin address: state, metrics, health and reloads.",
  );
}
