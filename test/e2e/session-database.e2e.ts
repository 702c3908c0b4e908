// Browsers' sessions, kept in the database.

import { suite } from "./session-suite.ts";

suite("database", "sid");
