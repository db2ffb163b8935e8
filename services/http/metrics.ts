import { type Kysely, sql } from "kysely";
import { collectDefaultMetrics, Gauge, Registry } from "prom-client";
import type { Calendar } from "../shared/letter/holidays.ts";
import type { TrustedNow } from "../shared/letter/stamp.ts";
import type { Tables } from "../shared/letter/tables.ts";
import { missedChecks } from "./mailbox-checks.ts";

interface Figure {
  readonly name: string;
  readonly agency_id: string;
  readonly label: string;
  readonly value: number;
}

/** Meaning and label of each figure that the database function figures() returns. */
const FIGURES: Readonly<Record<string, { readonly help: string; readonly label: string | null }>> = {
  intakes: { help: "Letters accepted for good, by agency", label: null },
  outcomes: { help: "Accepted letters by agency and what became of them", label: "outcome" },
  notices: { help: "Notices to senders by agency and state", label: "state" },
  jobs: { help: "Work in the outbox by job and state (open, failed)", label: "job" },
  oldest_job_seconds: { help: "Age of the oldest open work", label: null },
};

/** What the database function audit_log_figures() returns. */
interface AuditFigures {
  readonly leaves: number;
  readonly waiting: number;
  readonly checkpoint_age_seconds: number | null;
  readonly untold_seconds: number;
}

export interface Metrics {
  readonly contentType: string;
  /** The exposition text, the counts freshly asked for. */
  read(): Promise<string>;
}

/** Working days, today among them, over which missed mailbox checks are counted. */
const CHECKED_WORKING_DAYS = 10;

/**
 * Prometheus metrics. The counts come from the database at each scrape: they are the installation's, whichever process
 * did the work, and a restart does not set them back. They hold no word of any letter.
 */
export function openMetrics(
  database: Kysely<Tables>,
  calendar: Calendar,
  now: TrustedNow,
  openGlass: () => Promise<number>,
): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "saraban_http_process_" });
  const gauges = new Map<string, Gauge>();
  for (const [name, { help, label }] of Object.entries(FIGURES)) {
    const labelNames = ["agency", ...(label === null ? [] : [label])];
    gauges.set(name, new Gauge({ name: `saraban_${name}`, help, labelNames, registers: [registry] }));
  }
  const clockGauge = (name: string, help: string) =>
    new Gauge({ name: `saraban_clock_${name}`, help, registers: [registry] });
  const usable = clockGauge("usable", "1 while official times are compliant: synchronised or with a warning");
  const bound = clockGauge(
    "error_bound_ms",
    "Official times are wrong by no more; no value while that is not known",
  );
  const offset = clockGauge("offset_ms", "Official time minus the system clock");
  const age = clockGauge("age_seconds", "Since the newest answer of a reference server");
  const missed = new Gauge({
    name: "saraban_mailbox_checks_missed",
    help: `Half days of the last ${CHECKED_WORKING_DAYS} working days in which nobody looked into the tray of an agency that has to`,
    labelNames: ["agency"],
    registers: [registry],
  });
  const glass = new Gauge({
    name: "saraban_break_glass_open",
    help: "Times that an administrator may look into an agency's ordinary letters at this moment",
    registers: [registry],
  });
  const auditGauge = (name: string, help: string) =>
    new Gauge({ name: `saraban_audit_${name}`, help, registers: [registry] });
  const leaves = auditGauge("leaves", "Events of the audit log that stand in its tree");
  const waiting = auditGauge("events_waiting", "Events of the audit log that are not in the tree yet");
  const checkpointAge = auditGauge(
    "checkpoint_age_seconds",
    "Age of the newest signed checkpoint of the audit log; no value while there is none",
  );
  const untold = auditGauge(
    "second_place_behind_seconds",
    "Age of the oldest checkpoint that the second place of the audit log was not told of; 0 when it has all",
  );
  return {
    contentType: registry.contentType,
    async read() {
      const { at, clock } = now();
      usable.set(clock.state === "synchronised" || clock.state === "warning" ? 1 : 0);
      bound.set(clock.errorBoundMs ?? Number.NaN);
      offset.set(clock.offsetMs ?? Number.NaN);
      age.set(clock.ageSeconds ?? Number.NaN);
      const { rows } = await sql<Figure>`select * from figures()`.execute(database);
      for (const gauge of gauges.values()) gauge.reset();
      for (const { name, agency_id, label, value } of rows) {
        const labelName = FIGURES[name]?.label;
        gauges.get(name)?.set({ agency: agency_id, ...(labelName ? { [labelName]: label } : {}) }, value);
      }
      glass.set(await openGlass());
      missed.reset(); // an agency that was freed of the duty has no count any more
      for (const [agency, halfDays] of await missedChecks(database, calendar, at, CHECKED_WORKING_DAYS)) {
        missed.set({ agency }, halfDays.length);
      }
      const [audit] = (await sql<AuditFigures>`select * from audit_log_figures()`.execute(database)).rows;
      leaves.set(audit?.leaves ?? Number.NaN);
      waiting.set(audit?.waiting ?? Number.NaN);
      checkpointAge.set(audit?.checkpoint_age_seconds ?? Number.NaN);
      untold.set(audit?.untold_seconds ?? Number.NaN);
      return registry.metrics();
    },
  };
}
