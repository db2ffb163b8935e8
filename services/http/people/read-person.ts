import { RIGHTS, type Right } from "../../shared/access/actor.ts";
import { LONGEST_EMAIL, LONGEST_NAME } from "./manage-people.ts";
import type { NewAppointment, NewPerson, PersonChange } from "./person-store.ts";
import { type MemberReader, readMembers } from "./read-members.ts";
import { PERSON_ID } from "./sign-in.ts";

export const CLASSIFIED_LEVELS = ["confidential", "secret"] as const;
/** Held for the whole installation where no agency is named. */
const OF_ALL: readonly Right[] = ["auditor", "administrator"];

const AGENCY_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const EMAIL = /^[^@\s]+@[^@\s]+$/;
const LONGEST_ORDER = 200;
const LONGEST_UNIT = 200;
const LONGEST_SUBJECT = 500;

/** @throws Problem 400 with all faults */
export function readNewPerson(body: unknown): NewPerson {
  const members = readMembers(body);
  const id = members.text("id", 63);
  if (id !== "" && !PERSON_ID.test(id))
    members.fault(
      "id",
      "has small letters, digits, dots, hyphens and underscores, 63 at most",
      "ใช้ตัวพิมพ์เล็ก a-z ตัวเลข จุด ขีด และขีดล่าง ไม่เกิน 63 ตัว",
    );
  const name = members.text("name", LONGEST_NAME);
  const email = readEmail(members) ?? null;
  const oidc = readOidc(members) ?? null;
  members.done();
  return { id, name, email, oidc };
}

/** @throws Problem 400 with all faults */
export function readPersonChange(body: unknown): PersonChange {
  const members = readMembers(body);
  const name = members.optionalText("name", LONGEST_NAME);
  const active = members.flag("active");
  const email = readEmail(members);
  const oidc = readOidc(members);
  members.done();
  return {
    ...(name === undefined ? {} : { name }),
    ...(active === undefined ? {} : { active }),
    ...(email === undefined ? {} : { email }),
    ...(oidc === undefined ? {} : { oidc }),
  };
}

/** @throws Problem 400 with all faults */
export function readNewAppointment(
  body: unknown,
  personId: string,
): Omit<NewAppointment, "id" | "fromAt"> & { readonly fromAt: Date | null } {
  const members = readMembers(body);
  const right = members.oneOf("right", RIGHTS);
  if (right === undefined) members.fault("right", "is needed", "ต้องระบุ");
  const agencyId = members.optionalText("agencyId", 63) ?? null;
  if (agencyId !== null && !AGENCY_ID.test(agencyId))
    members.fault("agencyId", "is no id of an agency", "ไม่ใช่รหัสหน่วยงาน");
  if (right !== undefined && agencyId === null && !OF_ALL.includes(right))
    members.fault("agencyId", "is needed for this right", "ต้องระบุหน่วยงานสำหรับสิทธินี้");
  const unit = members.optionalText("unit", LONGEST_UNIT) ?? null;
  // The database's statement of who acts has commas and strokes between units.
  if (unit !== null && /[,/\s]/u.test(unit)) members.fault("unit", "is one word", "ต้องเป็นคำเดียว ไม่มีเว้นวรรค");
  if (unit !== null && agencyId === null) members.fault("unit", "needs an agency", "ต้องระบุหน่วยงานของหน่วยย่อย");
  const level = members.oneOf("level", CLASSIFIED_LEVELS) ?? null;
  const isClassified = right?.startsWith("classified-") === true;
  if (isClassified && level === null)
    members.fault("level", "is needed for this right", "ต้องระบุชั้นความลับสำหรับสิทธินี้");
  if (!isClassified && level !== null) members.fault("level", "has no place with this right", "ไม่ใช้กับสิทธินี้");
  const orderNumber = members.text("orderNumber", LONGEST_ORDER);
  const orderDate = members.date("orderDate");
  const from = members.optionalDate("from");
  const until = members.optionalDate("until");
  if (until !== undefined && until <= (from ?? "")) members.fault("until", "is after from", "ต้องอยู่หลังวันเริ่ม");
  members.done();
  return {
    personId,
    right: right as Right,
    agencyId,
    unit,
    level,
    orderNumber,
    orderDate,
    fromAt: from === undefined ? null : bangkokMidnight(from),
    untilAt: until === undefined ? null : bangkokMidnight(until),
  };
}

/** The first moment of a day in Asia/Bangkok: from it on, or until it. */
export function bangkokMidnight(isoDate: string): Date {
  return new Date(`${isoDate}T00:00:00+07:00`);
}

/** Undefined: not named; null: to be taken away. */
function readEmail(members: MemberReader): string | null | undefined {
  if (members.isNull("email")) return null;
  const email = members.optionalText("email", LONGEST_EMAIL);
  if (email !== undefined && !EMAIL.test(email))
    members.fault("email", "is a mail address", "ต้องเป็นที่อยู่ไปรษณีย์อิเล็กทรอนิกส์");
  return email;
}

function readOidc(members: MemberReader): NewPerson["oidc"] | undefined {
  const isGone = members.isNull("oidcIssuer") && members.isNull("oidcSubject");
  const issuer = members.optionalText("oidcIssuer", LONGEST_SUBJECT);
  const subject = members.optionalText("oidcSubject", LONGEST_SUBJECT);
  if (isGone) return null;
  if (issuer !== undefined && subject !== undefined) return { issuer, subject };
  if (issuer !== undefined || subject !== undefined)
    members.fault("oidcSubject", "goes together with oidcIssuer", "ต้องระบุคู่กับ oidcIssuer");
  return undefined;
}
