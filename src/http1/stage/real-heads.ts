// Heads as they are met: a browser's GET, curl's, and an API's answer. What the micro-benchmarks measure on.

export const BROWSER_GET = Buffer.from(
  [
    "GET /api/v2/customers/31415926/orders?page=2&sort=-date HTTP/1.1",
    "Host: api.example.com",
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Accept: application/json, text/plain, */*",
    "Accept-Language: en-GB,en;q=0.8,de;q=0.5,fr;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    "Referer: https://app.example.com/customers/31415926",
    "Authorization: Bearer 3f786850e387550fdab836ed7e6dc881de23001b",
    "Origin: https://app.example.com",
    "Connection: keep-alive",
    "Sec-Fetch-Dest: empty",
    "Sec-Fetch-Mode: cors",
    "Sec-Fetch-Site: same-site",
    "Cache-Control: no-cache",
    "",
    "",
  ].join("\r\n"),
  "latin1",
);

export const CURL_GET = Buffer.from(
  "GET /api/products/1 HTTP/1.1\r\nHost: api.example.com\r\nUser-Agent: curl/8.17.0\r\nAccept: */*\r\n\r\n",
  "latin1",
);

export const API_RESPONSE = Buffer.from(
  [
    "HTTP/1.1 200 OK",
    "Server: nginx",
    "Date: Tue, 24 Nov 2026 07:00:00 GMT",
    "Content-Type: application/json; charset=utf-8",
    "Content-Length: 54",
    "Connection: keep-alive",
    "Keep-Alive: timeout=65",
    'ETag: W/"36-Zk3JmXqvq8"',
    "Vary: Accept-Encoding",
    "",
    "",
  ].join("\r\n"),
  "latin1",
);
