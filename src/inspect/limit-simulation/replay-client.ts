// The client of a request that is replayed: nobody reads what it is answered.

import type { ClientFacts, ClientSide } from "../../http/index.ts";
import type { LoggedRequest } from "./logged-request.ts";

export class ReplayClient implements ClientSide {
  readonly facts: ClientFacts;
  readonly request: LoggedRequest;

  constructor(request: LoggedRequest) {
    const { listener, client: address } = request;
    this.request = request;
    this.facts = {
      listener,
      address,
      port: 0,
      localAddress: "",
      localPort: 0,
      version: 11,
      isGone: false,
      tls: null,
      forwarding: null,
    };
  }

  resumeRequest(): void {}
  pauseRequest(): void {}
  sendInterim(): void {}
  closeAfterResponse(): void {}
  sendHead(): void {}
  write(): boolean {
    return true;
  }
  end(): void {}
  abort(): void {}
  cork(): boolean {
    return false;
  }
  uncork(): void {}
}
