import type { Pool } from "pg";
import { insertClient } from "../../services/http/clients/client-admin-store.ts";
import { newSecret } from "../../services/http/clients/client-store.ts";
import { findInstallation } from "../../services/installation.ts";
import { openAdminPool } from "../../services/shared/runtime/database.ts";
import { loadSettings } from "../../services/shared/runtime/settings.ts";
import { openProgramClient, type ProgramClient } from "../../services/shared/testing/program-client.ts";
import type { ProgramLetter } from "../../services/shared/testing/program-letters.ts";
import { type HandedIn, handInLetters } from "./hand-in-letters.ts";
import { watchInboxes } from "./watch-inboxes.ts";

/** Six offices, each with a program of its own that sends to agency-a. */
export interface Offices {
  readonly programs: ReadonlyMap<string, ProgramClient>;
  readonly admin: Pool;
  /** Hands letters in and waits until each has its receipt in an inbox. @param perSecond as fast as they are taken without it */
  handIn(letters: readonly ProgramLetter[], perSecond?: number): Promise<HandedIn>;
  close(): Promise<void>;
}

const DOMAINS = ["opdc", "mot", "moph", "moc", "cgd", "ocsc"].map((name) => `${name}.example.go.th`);

/** Registers them in a running installation with an embedded database. */
export async function registerOffices(
  dataDir: string,
  httpUrl: string,
  connections: number,
): Promise<Offices> {
  const admin = openAdminPool(findInstallation(loadSettings({ SARABAN_DATA_DIR: dataDir })));
  const programs = new Map<string, ProgramClient>();
  for (const domain of DOMAINS) {
    const secret = newSecret();
    const id = domain.split(".")[0] as string;
    await insertClient(
      admin,
      {
        id,
        name: `bench of ${domain}`,
        agencyId: "agency-a",
        senderDomain: domain,
        scopes: ["submit", "receipts"],
        level: "normal",
        certificates: [],
        networks: [],
        dialect: "2.0",
      },
      secret,
    );
    const program = openProgramClient(httpUrl, id, secret, connections);
    await program.token();
    programs.set(domain, program);
  }
  const inboxes = await watchInboxes(
    admin,
    [...programs.keys()].map((domain) => domain.split(".")[0] as string),
  );
  return {
    programs,
    admin,
    handIn: (letters, perSecond) => handInLetters({ programs, inboxes, letters, connections, perSecond }),
    async close() {
      for (const program of programs.values()) program.close();
      await inboxes.stop();
      await admin.end();
    },
  };
}
