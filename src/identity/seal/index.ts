// The door of what seals texts that leave the gateway for it to read again.
export { OVER, Seal, type SealOptions, type SealPurpose } from "./seal.ts";
