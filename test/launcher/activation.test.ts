// Socket activation and readiness from outside: this test plays systemd to the launcher and the program behind it.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";
import { bindListener, type SharedListener, type SocketAddress } from "../../src/transport/index.ts";

const LAUNCH = fileURLToPath(new URL("launch.mjs", import.meta.url));
const SCRIPT = fileURLToPath(new URL("activated.ts", import.meta.url));
const { bun, node } = listRuntimes();
const folder = mkdtempSync(join(tmpdir(), "sallyport-activation-"));
after(() => rmSync(folder, { recursive: true }));

interface Told {
  readonly got: readonly { readonly descriptor: number; readonly name: string; readonly address: SocketAddress }[];
  readonly remarks: readonly string[];
  readonly complaints: readonly string[];
  readonly left: readonly string[];
  readonly isChild: boolean;
}

/** Runs it with descriptors 3 and up, as the process that LISTEN_PID names: a shell that becomes it knows its own id. */
async function activate(runtime: string, sockets: readonly number[], env: Readonly<Record<string, string>>): Promise<Told> {
  const child = spawn("sh", ["-c", 'LISTEN_PID=${LISTEN_PID:-$$} exec "$0" "$@"', node ?? "node", LAUNCH], {
    env: { PATH: process.env["PATH"] ?? "", SALLYPORT_RUNTIME: runtime, SCRIPT, LISTEN_FDS: String(sockets.length), ...env },
    stdio: ["ignore", "pipe", "inherit", ...sockets],
  });
  let out = "";
  child.stdout?.on("data", (chunk) => {
    out += String(chunk);
  });
  await new Promise((resolve) => child.once("close", resolve));
  return JSON.parse(out);
}

for (const [runtime, binary] of [
  ["bun", bun],
  ["node", node],
] as const) {
  describe(`a program on ${runtime} that a service manager starts`, {
    skip: (binary === null || node === null) && "both runtimes are needed",
  }, () => {
    it("gets the sockets at their places, with their names, and its children hear nothing of it", async () => {
      const held: SharedListener[] = [
        await bindListener({ host: "127.0.0.1", port: 0 }),
        await bindListener({ path: join(folder, `${runtime}.sock`) }),
        await bindListener({ host: "::1", port: 0 }),
      ];
      const told = await activate(
        runtime,
        held.map((one) => one.descriptor),
        { LISTEN_FDNAMES: "http:local:web.socket" },
      );
      assert.deepEqual(told, {
        got: held.map(({ address }, index) => ({ descriptor: 3 + index, name: ["http", "local", "web.socket"][index], address })),
        remarks: [],
        complaints: [],
        left: [],
        isChild: true,
      });
      for (const one of held) one.close();
    });

    it("takes no sockets that are meant for another process", async () => {
      const held = await bindListener({ host: "127.0.0.1", port: 0 });
      const told = await activate(runtime, [held.descriptor], { LISTEN_PID: "1" });
      assert.deepEqual([told.got, told.remarks, told.left], [[], [], []]);
      const ours = await activate(runtime, [held.descriptor], { LISTEN_PID: "1", SALLYPORT_LISTEN_FDS: "1", SALLYPORT_LISTEN_BY: "1" });
      assert.deepEqual([ours.got, ours.left], [[], []]);
      held.close();
    });

    it("says which descriptor can't be accepted on, and takes the others", async () => {
      const held = await bindListener({ host: "127.0.0.1", port: 0 });
      const file = openSync(join(folder, "a-file"), "w");
      const told = await activate(runtime, [file, held.descriptor], { LISTEN_FDNAMES: "data:http" });
      assert.deepEqual(
        told.got.map((one) => one.descriptor),
        [4],
      );
      assert.match(told.remarks.join(), /^descriptor 3 \(data\) from the service manager can't be accepted on: /);
      closeSync(file);
      held.close();
    });

    const python = spawnSync("python3", ["-c", ""]).status === 0;
    const program = runtime === "bun" || spawnSync("systemd-notify", ["--version"]).status === 0;
    const skip = !python ? "needs python3 to read datagrams" : !program ? "needs the program systemd-notify" : false;
    for (const path of [join(folder, `notify-${runtime}`), `@sallyport-${process.pid}-${runtime}`]) {
      it(`tells the manager at ${path.slice(0, 1)}… that it is ready, reloads and stops`, { skip }, async () => {
        const reader = spawn("python3", ["-u", "-c", READER, path], { stdio: ["ignore", "pipe", "inherit"] });
        let heard = "";
        reader.stdout.on("data", (chunk) => {
          heard += String(chunk);
        });
        await new Promise((resolve) => reader.stdout.once("data", resolve));
        const told = await activate(runtime, [], { NOTIFY_SOCKET: path });
        while (!heard.includes("STOPPING")) await new Promise((resolve) => reader.stdout.once("data", resolve));
        reader.kill();
        assert.deepEqual([told.complaints, told.left], [[], []]);
        assert.match(heard, /^up\nREADY=1\nSTATUS=serving\n--\nRELOADING=1\nMONOTONIC_USEC=\d{6,}\n--\nSTOPPING=1\n--\n$/);
      });
    }

    it("says why a manager can't be told", async () => {
      const told = await activate(runtime, [], { NOTIFY_SOCKET: join(folder, "nobody") });
      assert.equal(told.complaints.length, 1);
      assert.match(told.complaints[0] ?? "", /^the service manager can't be told at .*nobody: /);
    });
  });
}

// Datagrams until it is killed, each with a line behind it that closes it. systemd-notify also sends a descriptor and waits until it is closed.
const READER = `
import socket, sys
path = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\\0" + path[1:] if path[0] == "@" else path)
s.settimeout(20)
print("up")
while True:
    text = s.recv(4096).decode().rstrip()
    if text != "BARRIER=1":
        print(text + "\\n--")
`;
