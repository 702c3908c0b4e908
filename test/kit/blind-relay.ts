// What a conformance table is worth: a stand-in for the gateway that passes every byte on and judges nothing. A table that
// is content with it proves nothing.

import type { Socket, SocketHandler, Transport } from "../../src/transport/index.ts";
import type { GatewayStarter } from "./stage.ts";

export const startBlindRelay: GatewayStarter = async (config, transport) => {
  const address = config.upstreams[0]?.endpoints[0]?.address;
  if (address === undefined) throw new Error("a relay needs an endpoint");
  const sockets: Socket[] = [];
  const listener = await transport.listen({ host: "127.0.0.1", port: 0 }, (client) => {
    const upstream = connect(transport, address, client);
    sockets.push(client, upstream);
    return passTo(upstream);
  });
  return {
    address: listener.address,
    async stop() {
      listener.close();
      for (const socket of sockets) socket.close();
    },
  };
};

function connect(transport: Transport, address: Parameters<Transport["connect"]>[0], client: Socket): Socket {
  return transport.connect(address, passTo(client));
}

function passTo(other: Socket): SocketHandler {
  return {
    onOpen() {},
    onDrain() {},
    onData: (chunk) => void other.write(chunk),
    onEnd: () => other.end(),
    onClose: () => other.close(),
  };
}
