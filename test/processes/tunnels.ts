// What lasts: WebSockets and event streams through a gateway, and how each of them ended.

import { get } from "node:http";
import WebSocket from "ws";

export interface Tunnel {
  /** A Close's code: 1006 of one that was cut without any. */
  readonly closed: Promise<number>;
}

/** Resolves when the upstream has echoed what was sent: the tunnel is open to its end. */
export function openWebSocket(port: number): Promise<Tunnel> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("message", () => resolve({ closed }));
    socket.once("open", () => socket.send("hello"));
  });
}

export interface EventStream {
  /** Resolves to whether it ended in order. */
  readonly ended: Promise<boolean>;
  text(): string;
}

/** Resolves when the first event has come. The service sends more when it is asked to. */
export function openEventStream(port: number, id: string): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path: `/events?id=${id}`, agent: false }, (response) => {
      let text = "";
      const ended = new Promise<boolean>((done) => {
        response.once("close", () => done(response.complete));
        response.on("error", () => {});
      });
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        resolve({ ended, text: () => text });
      });
    }).on("error", reject);
  });
}
