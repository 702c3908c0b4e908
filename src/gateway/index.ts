export { createGateway, type Gateway, type GatewayHost } from "./gateway.ts";
