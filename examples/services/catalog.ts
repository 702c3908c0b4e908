// The catalog: products by list and by id, with entity tags, so that a client that has one already gets 304.
// Run by ../run.ts; alone: `node examples/services/catalog.ts 3001`.
import { sendJson, sendProblem, serve } from "./service.ts";

interface Product {
  readonly id: number;
  readonly name: string;
  readonly priceCents: number;
  readonly inStock: boolean;
}

const PRODUCTS: readonly Product[] = [
  { id: 1, name: "Brass lantern", priceCents: 4900, inStock: true },
  { id: 2, name: "Oak ladder", priceCents: 12900, inStock: true },
  { id: 3, name: "Iron key ring", priceCents: 1500, inStock: false },
  { id: 4, name: "Signal horn", priceCents: 7400, inStock: true },
];

serve("catalog", Number(process.argv[2] ?? 3001), (request, response, url) => {
  if (request.method !== "GET" && request.method !== "HEAD") return sendProblem(response, 405, "Only GET and HEAD", { Allow: "GET, HEAD" });

  if (url.pathname === "/products") {
    const wanted = url.searchParams.get("inStock");
    const products = wanted === null ? PRODUCTS : PRODUCTS.filter((product) => String(product.inStock) === wanted);
    return sendJson(response, 200, { products });
  }

  const id = /^\/products\/([0-9]{1,9})$/.exec(url.pathname)?.[1];
  const product = PRODUCTS.find((candidate) => String(candidate.id) === id);
  if (product === undefined) return sendProblem(response, 404, "There is no such product");
  const tag = `"product-${product.id}"`;
  if (request.headers["if-none-match"] === tag) {
    response.writeHead(304, { ETag: tag }).end();
    return;
  }
  sendJson(response, 200, product, { ETag: tag });
});
