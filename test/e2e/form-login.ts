// Somebody who logs in at the test's provider without a browser: follows where answers lead, keeps cookies, and fills in the one form.

import assert from "node:assert/strict";
import { type IncomingHttpHeaders, request } from "node:http";

const MOST_STEPS = 12;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Opens a page of a gateway, logs in as `name`, and resolves to the cookies that there are then, as one line of a request. */
export async function logIn(page: string, name: string): Promise<string> {
  // One jar: a cookie's host has no port, and gateway and provider share it.
  const jar = new Map<string, string>();
  let next = new URL(page);
  let form: URLSearchParams | null = null;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { status, headers, text } = await ask(next, toLine(jar), form);
    for (const line of headers["set-cookie"] ?? []) keep(jar, line);
    form = null;
    const { location } = headers;
    const action = /<form method="post" action="([^"]+)"/.exec(text)?.[1];
    if (location !== undefined) next = new URL(location, next);
    else if (action !== undefined) {
      next = new URL(action, next);
      form = new URLSearchParams({ login: name });
    } else {
      assert.equal(status, 200, text);
      return toLine(jar);
    }
  }
  throw new Error(`the login leads nowhere: ${next.href}`);
}

/** Not by fetch, which says of itself that it is a script. */
function ask(url: URL, cookies: string, form: URLSearchParams | null): Promise<Answer> {
  const fields = { Cookie: cookies, Accept: "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document" };
  const type = form === null ? {} : { "Content-Type": "application/x-www-form-urlencoded" };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: form === null ? "GET" : "POST", agent: false, headers: { ...fields, ...type } });
    asked.once("error", reject);
    asked.once("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part;
      });
      response.once("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.end(form?.toString());
  });
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = "", ...attributes] = line.split(/; ?/);
  const [name = "", value = ""] = pair.split(/=(.*)/);
  const isGone = attributes.some((each) => /^max-age=0$/i.test(each) || /^expires=Thu, 01 Jan 1970/i.test(each));
  if (isGone) jar.delete(name);
  else jar.set(name, value);
}

function toLine(jar: ReadonlyMap<string, string>): string {
  return [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
}
