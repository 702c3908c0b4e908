import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret, systemClock, TimerWheel } from "../../src/base/index.ts";
import type { AdminConfig } from "../../src/config/index.ts";
import { FakeControlPlane } from "../../src/control/control-plane-fake.ts";
import { type AdminAnswer, type AdminTarget, AdminUnreachable, askAdmin, createAdminServer } from "../../src/control/index.ts";
import { createServerTls, ServerIdentities } from "../../src/tls/index.ts";
import { AUTHORITY, type Forged, forge, toPair, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { defaultTransport, MemoryNetwork, type Transport } from "../../src/transport/index.ts";

const skip = whyNoForge();

interface Parties {
  readonly ca: Forged;
  readonly server: Forged;
  readonly operator: Forged;
  readonly stranger: Forged;
}

function forgeParties(): Parties {
  const ca = forge({ subject: "/CN=admin CA", extensions: AUTHORITY });
  const usage = (name: string, eku: string) => `subjectAltName=DNS:${name}\nextendedKeyUsage=${eku}\n`;
  return {
    ca,
    server: forge({ subject: "/CN=gw", extensions: usage("gw-admin.internal", "serverAuth"), issuer: ca }),
    operator: forge({ subject: "/CN=operator", extensions: usage("operator", "clientAuth"), issuer: ca }),
    stranger: forge({ subject: "/CN=operator", extensions: usage("operator", "clientAuth") }),
  };
}

let made: Parties | null = null;

const TRANSPORTS: readonly (readonly [name: string, make: () => Transport])[] = [
  ["in memory", () => new MemoryNetwork({ schedule: setImmediate }).transport],
  ["over real sockets", defaultTransport],
];

for (const [where, makeTransport] of TRANSPORTS) {
  describe(`an admin address with TLS, ${where}`, { skip }, () => {
    /** Asks a server that lives for this one question. */
    async function ask(
      config: Pick<AdminConfig, "token"> & { mode: "required" | "optional" },
      who: Partial<AdminTarget> & { as?: Forged },
      ca?: Forged,
    ): Promise<AdminAnswer> {
      made ??= forgeParties();
      const { server, ca: authority } = made;
      const clientAuth = { mode: config.mode, ca: authority.cert, caFile: "ca.pem", crl: [] };
      const tls: AdminConfig["tls"] = { minVersion: "TLSv1.2", certificates: [{ pair: toPair(server), acme: null, clientAuth }] };
      const transport = makeTransport();
      const wheel = new TimerWheel(systemClock);
      const admin = await createAdminServer(
        new FakeControlPlane(),
        { address: { host: "127.0.0.1", port: 0 }, token: config.token, hosts: ["gw-admin.internal"], tls },
        { transport, clock: systemClock, wheel, tls: createServerTls(new ServerIdentities(tls), []) },
      );
      const { as, ...target } = who;
      const clientTls = {
        ca: (ca ?? authority).cert,
        crl: [],
        serverName: "gw-admin.internal",
        identity: as ?? null,
        minVersion: "TLSv1.2",
        protocols: [],
      } as const;
      try {
        return await askAdmin(
          { transport, clock: systemClock },
          { address: admin.address, host: "gw-admin.internal", tls: clientTls, token: null, ...target },
          "GET",
          "/status",
          5000,
        );
      } finally {
        await admin.close();
        wheel.stop();
      }
    }

    const certified = { mode: "required", token: null } as const;
    const tokened = { mode: "optional", token: new Secret("s3cret") } as const;

    it("takes the certificate for who somebody is", async () => {
      made ??= forgeParties();
      const { status, text } = await ask(certified, { as: made.operator });
      assert.equal(status, 200);
      assert.equal((JSON.parse(text) as { name: string }).name, "shop");
    });

    it("lets nobody in without one, or with one of somebody else's", async () => {
      made ??= forgeParties();
      await assert.rejects(ask(certified, {}), AdminUnreachable);
      await assert.rejects(ask(certified, { as: made.stranger }), AdminUnreachable);
    });

    it("asks for the token where there is one, whatever the handshake was", async () => {
      made ??= forgeParties();
      assert.equal((await ask(tokened, {})).status, 401);
      assert.equal((await ask(tokened, { as: made.operator })).status, 401);
      assert.equal((await ask(tokened, { token: new Secret("s3cret") })).status, 200);
      assert.equal((await ask({ ...tokened, mode: "required" }, { as: made.operator })).status, 401);
    });

    it("is not talked to by a client that does not believe it", async () => {
      made ??= forgeParties();
      await assert.rejects(ask(tokened, { token: new Secret("s3cret") }, made.stranger), AdminUnreachable);
    });

    it("says nothing to who speaks plain HTTP", async () => {
      await assert.rejects(ask(tokened, { tls: null, token: new Secret("s3cret") }), AdminUnreachable);
    });
  });
}
