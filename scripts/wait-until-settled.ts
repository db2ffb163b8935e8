import { setTimeout as pause } from "node:timers/promises";
import type { Pool } from "pg";

const LOOK_EVERY_MS = 100;

/**
 * Waits until no work is open and every arrival has its outcome; work that was set aside after many failures is not open.
 * @returns how long it took in ms; null when it did not come in time
 * @throws the signal's reason
 */
export async function waitUntilSettled(
  admin: Pool,
  withinMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  const startedMs = performance.now();
  for (;;) {
    const { rows } = await admin.query<{ open: boolean }>(
      `select exists (select from saraban.outbox where failed_at is null)
           or exists (select from saraban.intake i where not exists (select from saraban.outcome o where o.intake_id = i.id)
                        and not exists (select from saraban.outbox w where w.subject_id = i.id)) as open`,
    );
    const tookMs = performance.now() - startedMs;
    if (rows[0]?.open === false) return tookMs;
    if (tookMs > withinMs) return null;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
