export type { Listener, Socket, SocketAddress, SocketError, SocketHandler, Transport } from "./socket.ts";
