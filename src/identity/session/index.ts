// The door of browsers' sessions.
export { createSessionIdentity } from "./session-identity.ts";
