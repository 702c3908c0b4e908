// What one upstream connection sends, takes and refuses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fields, fieldName } from "../http/index.ts";
import { playUpstreamInterleaving, upstreamInterleavings } from "./client-connection.fuzz.ts";
import { toFields } from "./stage/server-stage.ts";
import { UpstreamStage } from "./stage/upstream-stage.ts";

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("connecting", () => {
  it("offers the connection once it stands", () => {
    const stage = new UpstreamStage();
    assert.equal(stage.story, "idle");
    assert.equal(stage.connection.isIdle, true);
    assert.equal(stage.connection.isReused, false);
  });

  it("that is refused tells why", () => {
    assert.equal(new UpstreamStage({ listens: false }).story, "closed SP_UPSTREAM_CONNECT_FAILED");
  });

  it("takes no longer than its bound", () => {
    const stage = new UpstreamStage({ isBlackhole: true }).advance(990);
    assert.equal(stage.story, "");
    assert.equal(stage.advance(20).story, "closed SP_UPSTREAM_CONNECT_TIMEOUT");
    assert.equal(stage.wheel.size, 0);
  });

  it("may be given up by its owner without a fault", () => {
    const stage = new UpstreamStage();
    stage.act(() => stage.connection.close());
    assert.equal(stage.story, "idle, closed");
    assert.equal(stage.wheel.size, 0);
  });
});

describe("the request", () => {
  it("is sent as HTTP/1.1 with its body", () => {
    const stage = new UpstreamStage();
    const fields = new Fields("");
    fields.add(fieldName("X"), "1");
    stage.ask({ target: "/a?b", fields });
    assert.equal(stage.take(), "GET /a?b HTTP/1.1\r\nHost: u\r\nX: 1\r\n\r\n");
    const posting = new UpstreamStage();
    posting.ask({ method: "POST", bodyLength: 3 });
    posting.act(() => {
      posting.connection.write(Buffer.from("abc"));
      posting.connection.endRequest(null);
    });
    assert.equal(posting.take(), "POST / HTTP/1.1\r\nHost: u\r\nContent-Length: 3\r\n\r\nabc");
  });

  it("of unknown length is chunked, trailers last", () => {
    const stage = new UpstreamStage();
    stage.ask({ method: "POST", bodyLength: -1 });
    stage.act(() => {
      stage.connection.write(Buffer.from("0123456789abcdef"));
      stage.connection.write(Buffer.from(""));
      stage.connection.endRequest(toFields({ "X-Sum": "1" }));
    });
    assert.equal(
      stage.take(),
      "POST / HTTP/1.1\r\nHost: u\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n",
    );
  });

  it("stops for an upstream that does not read, and goes on when it does", () => {
    const stage = new UpstreamStage({ network: { windowBytes: 1_000 } });
    const attempt = stage.ask({ method: "POST", bodyLength: 5_000 });
    stage.upstream?.pause();
    let goesOn = true;
    stage.act(() => {
      goesOn = stage.connection.write(Buffer.alloc(5_000, 0x78));
    });
    assert.equal(goesOn, false);
    assert.equal(attempt.story, "");
    stage.act(() => stage.upstream?.resume());
    assert.equal(attempt.story, "drain");
  });

  it("to an upstream that takes nothing for too long is a fault", () => {
    const stage = new UpstreamStage({ network: { windowBytes: 1_000 } });
    const attempt = stage.ask({ method: "POST", bodyLength: 5_000 });
    stage.upstream?.pause();
    stage.act(() => void stage.connection.write(Buffer.alloc(5_000, 0x78)));
    stage.advance(2_020);
    assert.equal(attempt.story, "fault SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT");
  });

  it("may take longer to arrive from the client than an idle connection may live", () => {
    const stage = new UpstreamStage({ bounds: { idleMs: 3_000 } });
    const attempt = stage.ask({ method: "POST", bodyLength: 9 });
    stage.advance(60_000);
    assert.equal(attempt.story, "");
    stage.act(() => {
      stage.connection.write(Buffer.from("123456789"));
      stage.connection.endRequest(null);
    });
    stage.say(OK);
    assert.equal(attempt.story, "head 200, chunk, end");
  });
});

describe("a response", () => {
  it("gives the connection back before it is said to be over", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    let seen = "";
    attempt.react = (event) => {
      if (event === "end") seen = stage.story;
    };
    stage.say(OK);
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(attempt.body, "hi");
    assert.equal(seen, "idle, idle");
    assert.equal(stage.connection.isReused, true);
    const second = stage.ask();
    stage.say(OK);
    assert.equal(second.story, "head 200, chunk, end");
  });

  it("is the same however it is cut", () => {
    const text = `HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n${CHUNKED}3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nX-Sum: 1\r\n\r\n`;
    for (let cut = 1; cut < text.length; cut++) {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      stage.say(text.slice(0, cut)).say(text.slice(cut));
      assert.equal(attempt.story, "interim 103 Link, head 200, chunk, end", `cut at ${cut}`);
      assert.equal(attempt.body, "abcd");
      assert.equal(attempt.trailers?.toLines(), "X-Sum: 1\r\n");
      assert.equal(stage.story, "idle, idle");
    }
  });

  it("without a length ends with the connection", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    stage.say("HTTP/1.1 200 OK\r\n\r\nabc").say("def");
    assert.equal(attempt.story, "head 200, chunk");
    assert.equal(attempt.head?.bodyLength, -1);
    stage.finish();
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(attempt.body, "abcdef");
    assert.equal(stage.story, "idle, closed");
  });

  it("without a length that is reset was cut, not ended", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    stage.say("HTTP/1.1 200 OK\r\n\r\nabc");
    stage.act(() => stage.upstream?.reset());
    assert.equal(attempt.story, "head 200, chunk, fault SP_H1_RESPONSE_TRUNCATED");
  });

  it("to HEAD, 204 and 304 has no body, whatever its fields say", () => {
    const CASES: readonly (readonly [string, string])[] = [
      ["HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"],
      ["HEAD", CHUNKED],
      ["HEAD", "HTTP/1.1 200 OK\r\n\r\n"],
      ["GET", "HTTP/1.1 204 No Content\r\n\r\n"],
      ["GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"],
      ["GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
      ["GET", "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"],
      ["GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"],
    ];
    for (const [method, text] of CASES) {
      const stage = new UpstreamStage();
      const attempt = stage.ask({ method });
      stage.say(text);
      assert.match(attempt.story, /^head \d+, end$/, text);
      assert.equal(stage.story, "idle, idle", text);
    }
  });

  it("may have a single empty reason, but needs the space before it", () => {
    for (const [text, story] of [
      ["HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "head 200, end"],
      ["HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", "fault SP_H1_RESPONSE_BAD_STATUS_LINE"],
    ] as const) {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      stage.say(text);
      assert.equal(attempt.story, story);
    }
  });
});

describe("an upstream that speaks something else", () => {
  it("is told by its first bytes", () => {
    for (const [text, words] of [
      ["\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0\x64", "it speaks HTTP/2"],
      ["\x15\x03\x01\0\x02\x02\x46", "it speaks TLS"],
    ] as const) {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      stage.say(text);
      assert.equal(attempt.story, "fault SP_H1_RESPONSE_BAD_STATUS_LINE");
      assert.equal(attempt.fault?.detail.endsWith(`: ${words}`), true, attempt.fault?.detail ?? "no fault");
    }
  });
});

describe("after the response the connection is not kept", () => {
  const CASES: readonly (readonly [string, string])[] = [
    ["when the upstream says close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"],
    ["when it speaks HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"],
    ["when bytes stand behind it", `${OK}x`],
    ["when a whole second response stands behind it", OK + OK],
    ["when the upstream will close within a second", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nhi"],
  ];
  for (const [name, text] of CASES) {
    it(name, () => {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      stage.say(text);
      assert.equal(attempt.story, "head 200, chunk, end");
      assert.equal(stage.story, "idle, closed");
      assert.equal(stage.wheel.size, 0);
    });
  }

  it("when it came before the request had ended", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask({ method: "POST", bodyLength: 10 });
    stage.say(OK);
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(stage.story, "idle, closed");
  });

  for (const [method, isKept] of [
    ["GET", false],
    ["HEAD", false],
    ["DELETE", false],
    ["OPTIONS", false],
    ["POST", true],
    ["PUT", true],
  ] as const) {
    it(`${isKept ? "but is" : "when it came"} after a body on ${method}`, () => {
      const stage = new UpstreamStage();
      stage.ask({ method, bodyLength: 3 });
      stage.act(() => {
        stage.connection.write(Buffer.from("abc"));
        stage.connection.endRequest(null);
      });
      stage.say(method === "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" : OK);
      assert.equal(stage.story, isKept ? "idle, idle" : "idle, closed");
    });
  }

  it("when the upstream's FIN came while a slow client held the response back", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    attempt.wantsMore = false;
    stage.say(OK);
    // Some runtimes tell of FIN although the socket is paused.
    stage.act(() => stage.connection.onEnd());
    stage.act(() => stage.connection.resumeResponse());
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(stage.story, "idle, closed");
  });

  it("but is with HTTP/1.0 and keep-alive", () => {
    const stage = new UpstreamStage();
    stage.ask();
    stage.say("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi");
    assert.equal(stage.story, "idle, idle");
  });
});

describe("an idle connection", () => {
  it("is dropped when bytes come that nobody asked for", () => {
    const stage = new UpstreamStage();
    stage.ask();
    stage.say(OK).say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
    assert.equal(stage.story, "idle, idle, closed");
    const fresh = new UpstreamStage().say(OK);
    assert.equal(fresh.story, "idle, closed");
  });

  it("closes when the upstream does, and after its idle time", () => {
    assert.equal(new UpstreamStage().finish().story, "idle, closed");
    const stage = new UpstreamStage().advance(29_900);
    assert.equal(stage.story, "idle");
    assert.equal(stage.advance(200).story, "idle, closed");
    assert.equal(stage.wheel.size, 0);
  });

  it("closes a second before the upstream says that it will", () => {
    const stage = new UpstreamStage();
    stage.ask();
    stage.say("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5, max=100\r\nContent-Length: 2\r\n\r\nhi").advance(3_900);
    assert.equal(stage.story, "idle, idle");
    assert.equal(stage.advance(200).story, "idle, idle, closed");
  });

  it("that the upstream closed in the same moment is a fault that another connection may mend", () => {
    const stage = new UpstreamStage();
    stage.ask();
    stage.say(OK);
    const attempt = stage.ask();
    stage.finish();
    assert.equal(attempt.story, "fault SP_UPSTREAM_RESET");
    assert.equal(attempt.fault?.kind.retry, "reused-connection");
    assert.equal(stage.connection.isReused, true);
    const reset = new UpstreamStage();
    const second = reset.ask();
    reset.act(() => reset.upstream?.reset());
    assert.equal(second.story, "fault SP_UPSTREAM_RESET");
    assert.equal(reset.connection.isReused, false);
  });
});

describe("a response that is cut or malformed is a fault", () => {
  const CASES: readonly (readonly [string, string, string])[] = [
    ["cut inside the head", "HTTP/1.1 200 OK\r\nCont", "fault SP_H1_RESPONSE_TRUNCATED"],
    [
      "cut inside a body with a length",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
      "head 200, chunk, fault SP_H1_RESPONSE_TRUNCATED",
    ],
    ["cut inside a chunk", `${CHUNKED}9\r\nabc`, "head 200, chunk, fault SP_H1_RESPONSE_TRUNCATED"],
    ["cut before the last chunk", `${CHUNKED}3\r\nabc\r\n`, "head 200, chunk, fault SP_H1_RESPONSE_TRUNCATED"],
    ["cut behind the last chunk", `${CHUNKED}3\r\nabc\r\n0\r\n`, "head 200, chunk, fault SP_H1_RESPONSE_TRUNCATED"],
    ["cut after an interim response", "HTTP/1.1 103 Early Hints\r\n\r\n", "interim 103, fault SP_H1_RESPONSE_TRUNCATED"],
    ["of a bad chunk", `${CHUNKED}x\r\n`, "head 200, fault SP_H1_RESPONSE_BAD_CHUNK"],
    ["of a bad trailer", `${CHUNKED}0\r\nContent-Length: 1\r\n\r\n`, "head 200, fault SP_H1_RESPONSE_BAD_CHUNK"],
    ["of a repeated length", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "fault SP_H1_RESPONSE_BAD_FRAMING"],
    [
      "with both framings",
      "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
      "fault SP_H1_RESPONSE_BAD_FRAMING",
    ],
    ["with another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "fault SP_H1_RESPONSE_BAD_FRAMING"],
    ["of 204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\na", "fault SP_H1_RESPONSE_BAD_FRAMING"],
    ["of 103 with a length", "HTTP/1.1 103 x\r\nContent-Length: 1\r\n\r\na", "fault SP_H1_RESPONSE_BAD_FRAMING"],
    ["of another version", "HTTP/2.0 200 OK\r\n\r\n", "fault SP_H1_RESPONSE_BAD_STATUS_LINE"],
    ["of status 600", "HTTP/1.1 600 x\r\n\r\n", "fault SP_H1_RESPONSE_BAD_STATUS_LINE"],
    ["with a folded field", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "fault SP_H1_RESPONSE_BAD_HEAD"],
    ["with a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "fault SP_H1_RESPONSE_BAD_STATUS_LINE"],
    ["with too large a head", `HTTP/1.1 200 OK\r\nA: ${"a".repeat(66_000)}\r\n\r\n`, "fault SP_H1_RESPONSE_HEAD_TOO_LARGE"],
    ["with too many fields", `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(201)}\r\n`, "fault SP_H1_RESPONSE_HEAD_TOO_LARGE"],
    [
      "that switches protocols unasked",
      "HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
      "fault SP_H1_RESPONSE_UNASKED_UPGRADE",
    ],
    [
      "of interim responses without end",
      "HTTP/1.1 100 Continue\r\n\r\n".repeat(17),
      `${"interim 100, ".repeat(16)}fault SP_H1_RESPONSE_TOO_MANY_INTERIM`,
    ],
  ];
  for (const [name, text, story] of CASES) {
    it(name, () => {
      for (const chunkBytes of [65_536, 1]) {
        const stage = new UpstreamStage({ network: { chunkBytes } });
        const attempt = stage.ask();
        stage.say(text).finish();
        assert.equal(attempt.story, story);
        assert.equal(stage.story, "idle, closed");
        assert.equal(stage.wheel.size, 0);
      }
    });
  }

  it("at any cut: no cut response ever ends well", () => {
    const text = `${CHUNKED}3\r\nabc\r\n0\r\n\r\n`;
    for (let cut = 1; cut < text.length; cut++) {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      stage.say(text.slice(0, cut)).finish();
      assert.match(attempt.story, /fault SP_H1_RESPONSE_TRUNCATED$/, `cut at ${cut}`);
    }
  });
});

describe("back-pressure from the client", () => {
  it("pauses the upstream until the response is wanted again", () => {
    const stage = new UpstreamStage({ network: { windowBytes: 1_000 } });
    const attempt = stage.ask();
    attempt.wantsMore = false;
    stage.say(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${"x".repeat(10_000)}`);
    assert.equal(attempt.story, "head 200");
    for (let i = 0; i < 3; i++) stage.act(() => stage.connection.resumeResponse());
    assert.ok(attempt.body.length > 0 && attempt.body.length < 9_000);
    attempt.wantsMore = true;
    stage.act(() => stage.connection.resumeResponse());
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(attempt.body.length, 10_000);
  });

  it("stops the clock: a slow client is not the upstream's fault", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    attempt.wantsMore = false;
    stage.say(`${CHUNKED}3\r\nabc\r\n`).advance(60_000);
    assert.equal(attempt.story, "head 200");
    attempt.wantsMore = true;
    stage.act(() => stage.connection.resumeResponse());
    stage.say("0\r\n\r\n");
    assert.equal(attempt.story, "head 200, chunk, end");
  });

  it("does not lose the end that came meanwhile", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    attempt.wantsMore = false;
    stage.say("HTTP/1.1 200 OK\r\n\r\nabc").finish();
    attempt.wantsMore = true;
    stage.act(() => stage.connection.resumeResponse());
    assert.equal(attempt.story, "head 200, chunk, end");
  });
});

describe("time", () => {
  it("bounds the wait for the first byte from the request's end on", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    assert.equal(stage.advance(4_900) && attempt.story, "");
    assert.equal(stage.advance(200) && attempt.story, "fault SP_UPSTREAM_FIRST_BYTE_TIMEOUT");
    assert.equal(stage.story, "idle, closed");
  });

  it("bounds the wait between bytes of the body, anew at each", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    stage.say(`${CHUNKED}ff\r\n`);
    for (let i = 0; i < 5; i++) stage.advance(1_900).say("x");
    assert.equal(attempt.story, "head 200, chunk");
    stage.advance(2_020);
    assert.equal(attempt.story, "head 200, chunk, fault SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT");
  });

  it("is not measured where the bounds are off", () => {
    const stage = new UpstreamStage({ bounds: { firstByteMs: null, betweenBytesMs: null } });
    const attempt = stage.ask();
    stage.advance(3_600_000).say(`${CHUNKED}ff\r\n`).advance(3_600_000);
    assert.equal(attempt.story, "head 200");
    assert.equal(stage.wheel.size, 0);
  });
});

describe("cancelling", () => {
  it("drops the connection and says nothing more", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask();
    stage.act(() => stage.connection.cancel()).say(OK);
    assert.equal(attempt.story, "");
    assert.equal(stage.story, "idle, closed");
    assert.equal(stage.wheel.size, 0);
  });

  it("is possible from inside every callback", () => {
    for (const at of ["interim 103", "head 200", "chunk"]) {
      const stage = new UpstreamStage();
      const attempt = stage.ask();
      attempt.react = (event) => {
        if (event === at) stage.connection.cancel();
      };
      stage.say(`HTTP/1.1 103 x\r\n\r\n${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`);
      assert.equal(attempt.events.at(-1), at);
      assert.equal(stage.story, "idle, closed");
    }
  });
});

describe("a tunnel", () => {
  const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n";

  it("opens when asked for and passes bytes both ways", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask({ upgrade: "websocket" });
    assert.match(stage.take(), /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
    stage.say(`${SWITCH}early`).say(" late");
    assert.equal(attempt.story, "switch WebSocket, chunk");
    assert.equal(attempt.body, "early late");
    stage.act(() => void stage.connection.write(Buffer.from("HTTP/1.1 200 OK\r\n\r\n")));
    assert.equal(stage.take(), "HTTP/1.1 200 OK\r\n\r\n");
    stage.advance(3_600_000);
    assert.equal(attempt.story, "switch WebSocket, chunk");
  });

  it("passes the client's FIN on and goes on to listen", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask({ upgrade: "websocket" });
    stage.say(SWITCH).act(() => stage.connection.endRequest(null));
    assert.ok(stage.isEnded);
    stage.say("last").finish();
    assert.equal(attempt.story, "switch WebSocket, chunk, end");
    assert.equal(stage.story, "idle, closed");
  });

  it("to another protocol than the one asked for is refused", () => {
    for (const text of [
      SWITCH.replace("WebSocket", "h2c"),
      SWITCH.replace("Connection: Upgrade\r\n", ""),
      SWITCH.replace("Upgrade: WebSocket\r\n", ""),
    ]) {
      const stage = new UpstreamStage();
      const attempt = stage.ask({ upgrade: "websocket" });
      stage.say(text);
      assert.equal(attempt.story, "fault SP_H1_RESPONSE_UNASKED_UPGRADE");
    }
  });

  it("that the upstream does not want is an ordinary response", () => {
    const stage = new UpstreamStage();
    const attempt = stage.ask({ upgrade: "websocket" });
    stage.say(OK);
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(stage.story, "idle, idle");
  });
});

describe("any interleaving of bytes, pauses and requests", () => {
  it("loses nothing and mixes nothing up", () => {
    fc.assert(fc.property(upstreamInterleavings, playUpstreamInterleaving), { seed: 3, numRuns: 1_000 });
  });
});
