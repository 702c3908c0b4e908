// Where an exchange stands.
//
// Stages (only ever forwards, but for a fault between RESPONSE and SENDING):
//   REQUEST   request steps run or wait           → FORWARD | RESPONSE
//   FORWARD   attempts are under way              → RESPONSE
//   RESPONSE  response steps run or wait          → SENDING
//   SENDING   the head is out: a fault can only cut the response off, never add to it   → DONE
//   DONE

export const REQUEST = 0;
export const FORWARD = 1;
export const RESPONSE = 2;
export const SENDING = 3;
export const DONE = 4;
