import { type EventRow, instant } from "../../shared/audit-log/event-form.ts";
import { textTable } from "../../shared/letter/book-table.ts";
import type { LogVerification } from "./findings.ts";

/** The verification for a terminal: what was looked at, then what is wrong. */
export function verificationText({
  figures,
  newest,
  violations,
  more,
  notes,
  checkedAt,
}: LogVerification): string {
  const { leaves, checkpoints, signed, waiting, elsewhere } = figures;
  const lines = [
    `Audit log, ${checkedAt.toISOString()}`,
    "",
    `events in the tree   ${leaves} (${signed} under a checkpoint; ${waiting} more wait)`,
    `checkpoints          ${checkpoints} (${elsewhere} compared with what stands elsewhere)`,
    newest === null
      ? "newest               there is none yet"
      : `newest               ${newest.treeSize} events, ${newest.madeAt}, root ${newest.root}`,
    ...notes.map((note) => `\nNote: ${note}`),
  ];
  if (violations.length > 0) {
    lines.push("", "FAULTS:", ...violations.map(({ code, says }) => `  ${code}: ${says}`));
    if (more > 0) lines.push(`  … and ${more} more`);
  }
  lines.push(
    "",
    violations.length === 0 ? "Everything is in order." : `${violations.length + more} violations.`,
  );
  return `${lines.join("\n")}\n`;
}

const moment = new Intl.DateTimeFormat("sv-SE", {
  dateStyle: "short",
  timeStyle: "medium",
  timeZone: "Asia/Bangkok",
});

/** Events as a table, times in Asia/Bangkok. A stranger may have chosen any word of it. */
export function eventsText(events: readonly EventRow[], shown: (value: unknown) => string): string {
  const rows = events.map((event) => [
    String(event.seq),
    timeOf(event),
    event.actorName === null ? shown(event.actor) : `${shown(event.actor)} (${shown(event.actorName)})`,
    shown(event.action),
    event.subjectId === null ? "-" : `${shown(event.subjectKind)} ${shown(event.subjectId)}`,
    event.outcome,
    shown(event.rule),
    event.door,
    shown(event.address),
    event.detail === "{}" ? "-" : shown(event.detail),
  ]);
  return textTable([HEAD, ...rows]);
}

const HEAD = [
  "ลำดับ",
  "เวลา",
  "ผู้กระทำ",
  "การกระทำ",
  "สิ่งที่ถูกกระทำ",
  "ผล",
  "ข้อที่ใช้",
  "ช่องทาง",
  "จาก",
  "รายละเอียด",
];

function timeOf({ atEpoch }: EventRow): string {
  const at = new Date(instant(atEpoch));
  return Number.isNaN(at.getTime()) ? atEpoch : moment.format(at);
}

/** For programs: as its leaf has it, and its number. */
export function eventJson({ seq, id, agencyId, atEpoch, clock, detail, ...event }: EventRow): object {
  const { actor, actorName, action, door, address, subjectKind, subjectId, outcome, rule } = event;
  return {
    seq,
    id,
    agencyId,
    at: instant(atEpoch),
    actor,
    actorName,
    action,
    door,
    address,
    subject: subjectKind === null ? null : { kind: subjectKind, id: subjectId },
    outcome,
    rule,
    detail: JSON.parse(detail) as unknown,
    clock: JSON.parse(clock) as unknown,
  };
}
