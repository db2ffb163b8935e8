import { listPeople, type PersonRow } from "./http/people/person-store.ts";
import { listSessions } from "./http/people/session-store.ts";
import { textTable } from "./shared/letter/book-table.ts";
import type { Tables } from "./shared/letter/tables.ts";
import type { Kysely } from "./shared/runtime/database.ts";

const PAGE = 500;

/** What `saraban user` shows; with `json` the same for a script. @returns the exit code */
export async function sayPeople(database: Kysely<Tables>, json: boolean): Promise<number> {
  const people: PersonRow[] = [];
  for (let page = await listPeople(database, null, "", PAGE); page.length > 0; ) {
    people.push(...page);
    page = page.length < PAGE ? [] : await listPeople(database, null, page.at(-1)?.id ?? "", PAGE);
  }
  if (json) process.stdout.write(`${JSON.stringify(people)}\n`);
  else if (people.length === 0)
    process.stdout.write('There is nobody yet: saraban user add ID --name "ชื่อ สกุล"\n');
  else {
    const rows = people.map((person) => [
      person.id,
      person.name,
      person.appointments
        .filter(({ inForce }) => inForce)
        .map(rightOf)
        .join(", ") || "-",
      signsInBy(person),
      person.active ? "active" : "disabled",
      person.lastSignInAt?.toISOString().slice(0, 10) ?? "-",
    ]);
    process.stdout.write(textTable([["id", "ชื่อ", "แต่งตั้ง", "signs in by", "state", "last"], ...rows]));
  }
  return 0;
}

export function sayPerson(person: PersonRow, json: boolean): number {
  if (json) {
    process.stdout.write(`${JSON.stringify(person)}\n`);
    return 0;
  }
  const { id, name, email, active, madeAt, madeBy, lastSignInAt, appointments } = person;
  const lines = [
    ["id", id],
    ["ชื่อ", name],
    ["e-mail", email ?? "-"],
    ["state", active ? "active" : "disabled"],
    ["signs in by", signsInBy(person)],
    ["added", `${madeAt.toISOString()} by ${madeBy}`],
    ["last sign-in", lastSignInAt?.toISOString() ?? "-"],
  ];
  process.stdout.write(`${lines.map(([label, value]) => `${label}: ${value}`).join("\n")}\n`);
  if (appointments.length > 0) {
    const rows = appointments.map((one) => [
      one.id,
      rightOf(one),
      `${one.orderNumber} ${one.orderDate}`,
      one.fromAt.slice(0, 10),
      one.untilAt?.slice(0, 10) ?? "-",
      one.inForce ? "in force" : one.endedAt === null ? "not in force" : `ended: ${one.endReason}`,
    ]);
    process.stdout.write(
      `\n${textTable([["appointment", "right", "คำสั่ง", "from", "until", "state"], ...rows])}`,
    );
  }
  return 0;
}

export async function saySessions(
  database: Kysely<Tables>,
  personId: string,
  at: Date,
  idleMinutes: number,
  json: boolean,
): Promise<number> {
  const sessions = await listSessions(database, personId, at, idleMinutes);
  if (json) process.stdout.write(`${JSON.stringify(sessions)}\n`);
  else if (sessions.length === 0) process.stdout.write(`${personId} is not signed in.\n`);
  else {
    const rows = sessions.map(({ id, address, madeAt, seenAt, secondFactorAt, userAgent }) => [
      id,
      address,
      madeAt.toISOString().slice(0, 16),
      seenAt.toISOString().slice(0, 16),
      secondFactorAt === null ? "-" : secondFactorAt.toISOString().slice(0, 16),
      userAgent.slice(0, 40),
    ]);
    process.stdout.write(
      textTable([["session", "address", "signed in", "seen", "second factor", "browser"], ...rows]),
    );
  }
  return 0;
}

function rightOf({ right, agencyId, unit, level }: PersonRow["appointments"][number]): string {
  const where = agencyId === null ? "all" : unit === null ? agencyId : `${agencyId}/${unit}`;
  return `${right}${level === null ? "" : ` (${level})`} @ ${where}`;
}

function signsInBy({ hasPassword, mustChangePassword, hasSecondFactor, oidcIssuer }: PersonRow): string {
  const ways = [
    ...(hasPassword ? [mustChangePassword ? "one-time password" : "password"] : []),
    ...(hasSecondFactor ? ["second factor"] : []),
    ...(oidcIssuer === null ? [] : [oidcIssuer]),
  ];
  return ways.join(" + ") || "nothing yet";
}
