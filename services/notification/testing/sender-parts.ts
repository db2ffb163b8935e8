import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { systemClock } from "../../shared/letter/stamp.ts";
import type { DatabaseAddress } from "../../shared/runtime/database.ts";
import { openLog } from "../../shared/runtime/log.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { shareTransactions } from "../../shared/runtime/share-transactions.ts";
import { roomDatabase } from "../../shared/testing/arrivals.ts";
import { readTemplates } from "../compose/read-templates.ts";
import type { MailTransport } from "../mail/mail-transport.ts";
import { openIssuer } from "../receipts/issue-evidence.ts";
import type { SenderParts } from "../send-notice.ts";

/** Where the receipts of tests say that they are verified. */
export const PUBLIC_URL = "https://saraban.example.go.th";

/** What the jobs that answer senders need: the default templates, keys in a folder of the test's own, PDFs off. */
export function senderParts(
  context: TestContext,
  address: DatabaseAddress,
  transport: MailTransport | undefined,
  giveUpAfterHours = 120,
): { readonly parts: SenderParts; wait(seconds: number): void } {
  const log = openLog("silent", "test");
  const dataDir = mkdtempSync(join(tmpdir(), "saraban-keys-"));
  context.onTestFinished(() => rmSync(dataDir, { recursive: true }));
  let aheadMs = 0;
  const database = roomDatabase(context, address, "saraban_notification");
  const parts: SenderParts = {
    database,
    inShared: shareTransactions(database, "worker:notification"),
    now: () => {
      const { at, clock } = systemClock()();
      return { at: new Date(at.getTime() + aheadMs), clock };
    },
    transport,
    giveUpAfterHours,
    withTokens: true,
    log,
    issuer: openIssuer({ dataDir, publicUrl: PUBLIC_URL, log }),
    templates: readTemplates(join(projectDir, "config/templates"), ["agency-a", "agency-b"]),
    withPdf: false,
  };
  return {
    parts,
    /** Lets the clock run ahead, as if one had waited. */
    wait: (seconds) => {
      aheadMs += seconds * 1000;
    },
  };
}
