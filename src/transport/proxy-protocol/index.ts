// The PROXY protocol, both ways: what a connection says of whom it is for. Pure: bytes in, bytes out.

export * as PROXY from "./faults.ts";
export type { ProxiedEnd, ProxyHeader } from "./proxy-header.ts";
export { ProxyHeaderReader, type ProxyReading } from "./proxy-header-reader.ts";
export { encodeProxyHeader, type ProxyVersion } from "./write-proxy-header.ts";
