// The mobile apps' BFF, in TypeScript: a name that does not exist is a mistake for the compiler already. Apps that are years old call
// it, so its addresses carry a version.
import { defineGateway } from "sallyport";

export default defineGateway({
  version: 1,
  gateway: { name: "mobile", kind: "bff" },
  admin: { address: "127.0.0.1:9903" },
  listeners: [
    {
      name: "http",
      address: "127.0.0.1:8082",
      trustedProxies: ["127.0.0.1/32"],
      bounds: { connectionsPerIp: "off", body: "64KiB" },
    },
  ],
  upstreams: {
    catalog: { endpoints: ["http://127.0.0.1:3001"] },
    orders: { endpoints: ["http://127.0.0.1:3002"] },
  },
  apis: {
    app: { versionBy: { pathPrefix: "/v" }, versions: { "1": { deprecated: "2026-01-01", sunset: "2027-01-01" }, "2": {} } },
  },
  routes: [
    {
      name: "catalog-1",
      match: { path: "/catalog/:id", methods: ["GET"] },
      api: { name: "app", versions: ["1"] },
      public: true,
      upstream: "catalog",
      rewrite: { path: "/products/:id" },
    },
    {
      name: "catalog-2",
      match: { path: "/catalog/:id", methods: ["GET"] },
      api: { name: "app", versions: ["2"] },
      public: true,
      upstream: "catalog",
      rewrite: { path: "/products/:id" },
    },
    {
      name: "orders",
      match: { path: "/orders/*", methods: ["GET", "POST"] },
      api: { name: "app", versions: ["2"] },
      public: true,
      upstream: "orders",
      rewrite: { path: "/orders/*" },
    },
  ],
});
