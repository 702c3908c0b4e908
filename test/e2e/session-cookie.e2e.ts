// Browsers' sessions, sealed in their cookies; the name is one that browsers keep for this very host alone.

import { suite } from "./session-suite.ts";

suite("cookie", "__Host-sid");
