import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Envelope, Recipient } from "../../shared/letter/arrival/envelope.ts";
import type { RefusalCode } from "../../shared/letter/refusals.ts";
import { openStore, type SpooledBytes } from "../../shared/runtime/store.ts";
import type { StoreFiles } from "../../shared/runtime/store-spill.ts";
import { openSmtpDoor, type SmtpDoorOptions } from "./smtp-door.ts";

export interface TakenLetter {
  readonly envelope: Envelope;
  readonly bytes: Buffer;
  readonly newlines: SpooledBytes["newlines"];
}

const agencies: Readonly<Record<string, string>> = {
  "agency-a.example.go.th": "agency-a",
  "agency-b.example.go.th": "agency-b",
};

/** Knows `saraban@` and `postmaster@` of two agencies, and `สารบรรณ@` of the first. */
export function findTestRecipient(address: string): Recipient | "unknown-mailbox" | "not-served" {
  if (address === "postmaster") return { address, agencyId: "agency-a", unit: null };
  const at = address.lastIndexOf("@");
  const agencyId = agencies[address.slice(at + 1).toLowerCase()];
  if (agencyId === undefined) return "not-served";
  const known = ["saraban", "postmaster", "สารบรรณ"].includes(address.slice(0, at).toLowerCase());
  return known ? { address, agencyId, unit: null } : "unknown-mailbox";
}

/** A real door on a free port with a store of its own; what it accepts is kept in `taken`. */
export async function openTestDoor(
  overrides: Partial<SmtpDoorOptions> = {},
  { files }: { files?: StoreFiles } = {},
) {
  const dir = await mkdtemp(join(tmpdir(), "smtp-door-"));
  const store = await openStore(files ? { dir, files } : { dir });
  const taken: TakenLetter[] = [];
  const logged: { level: string; fields: object; message: string }[] = [];
  const refused: RefusalCode[] = [];
  const door = await openSmtpDoor({
    host: "127.0.0.1",
    port: 0,
    hostname: "mail.agency-a.example.go.th",
    maxMessageBytes: 1_000_000,
    maxRecipients: 100,
    maxClients: 250,
    maxClientsPerAddress: 250,
    idleTimeoutMs: 20_000,
    dataTimeoutMs: 20_000,
    findRecipient: findTestRecipient,
    store,
    async acceptLetter(envelope, spooled) {
      const bytes = spooled.inline ?? (await buffer(store.openStored(spooled.sha256)));
      taken.push({ envelope, bytes: Buffer.from(bytes), newlines: spooled.newlines });
      return {
        intakeIds: [...new Set(envelope.recipients.map(({ agencyId }) => `${agencyId}-${taken.length}`))],
      };
    },
    log: {
      info: (fields, message) => logged.push({ level: "info", fields, message }),
      error: (fields, message) => logged.push({ level: "error", fields, message }),
    },
    events: { refused: (code) => refused.push(code) },
    ...overrides,
  }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true });
    throw error;
  });
  return {
    port: door.port,
    tlsPort: door.tlsPort ?? 0,
    door,
    dir,
    taken,
    logged,
    refused,
    async close(graceMs = 0): Promise<void> {
      await door.close(graceMs);
      await rm(dir, { recursive: true });
    },
  };
}

export type TestDoor = Awaited<ReturnType<typeof openTestDoor>>;
