import { setTimeout as pause } from "node:timers/promises";
import type { Agency } from "../../services/shared/letter/directory.ts";
import { samplePdf } from "../../services/shared/testing/sample-pdf.ts";
import { seededRandom } from "../../services/shared/testing/seeded-random.ts";
import type { Installation } from "./installations.ts";
import { doAct, sendLetter } from "./outbound-clerk.ts";

/** A letter that was sent from one installation to the other. */
export interface SentLetter {
  readonly id: string;
  readonly from: Installation;
  readonly to: Installation;
  readonly subject: string;
}

const SUBJECTS = [
  "ขอเชิญประชุมคณะทำงานแลกเปลี่ยนหนังสือราชการทางอิเล็กทรอนิกส์",
  "ขอส่งรายงานผลการดำเนินงานตามแผนปฏิบัติราชการ",
  "ขอความอนุเคราะห์ข้อมูลการปรับปรุงระบบบริการประชาชน",
  "แจ้งกำหนดการตรวจเยี่ยมหน่วยงาน",
  "ขอให้สำรวจความต้องการพัฒนาบุคลากรด้านดิจิทัล",
];
/** Letters that are written at the same time, in each of the two offices. */
const CLERKS = 3;

/** Writes so many letters, half of them on each side, and sends them to the other side. */
export async function writeLetters(
  pair: readonly [Installation, Installation],
  count: number,
  seed: number,
  told: (sent: number) => void,
): Promise<SentLetter[]> {
  const random = seededRandom(seed);
  const sent: SentLetter[] = [];
  const halves = pair.map((from, index) => ({
    from,
    to: pair[1 - index] as Installation,
    left: index === 0 ? Math.ceil(count / 2) : Math.floor(count / 2),
  }));
  const write = async (half: (typeof halves)[number]): Promise<void> => {
    while (half.left > 0) {
      half.left -= 1;
      const { from, to } = half;
      const subject = `${SUBJECTS[half.left % SUBJECTS.length]} ฉบับทดสอบ ${half.left + 1}`;
      const pdf = samplePdf(2_000 + Math.floor(random() * 30_000), (length) => randomOctets(length, random));
      sent.push({ id: await sendTo(from, to.agencies[0] as Agency, subject, pdf), subject, from, to });
      told(sent.length);
    }
  };
  await Promise.all(halves.flatMap((half) => Array.from({ length: CLERKS }, () => write(half))));
  return sent;
}

/** Sends one letter to one office of the other installation. @returns the letter's id */
export function sendTo(from: Installation, to: Agency, subject: string, pdf: Buffer): Promise<string> {
  const agencyId = (from.agencies[0] as Agency).id;
  return sendLetter(from, {
    agencyId,
    letter: {
      series: "ordinary",
      subject,
      to: to.nameThai,
      text: "จึงเรียนมาเพื่อโปรดพิจารณา",
      recipients: [{ partner: to.domain }],
    },
    file: { name: "หนังสือ.pdf", type: "application/pdf", octets: pdf },
  });
}

function randomOctets(length: number, random: () => number): Buffer {
  const octets = Buffer.alloc(length);
  for (let at = 0; at < length; at++) octets[at] = Math.floor(random() * 256);
  return octets;
}

const LOOK_EVERY_MS = 250;

/**
 * Waits until something has become of letters at all their recipients.
 * @param what recipient_event.what
 * @returns false when it has not in time
 */
export async function waitForNews(
  letters: readonly Pick<SentLetter, "id" | "from">[],
  what: string,
  withinMs: number,
  signal: AbortSignal,
  told: (heard: number) => void = () => {},
): Promise<boolean> {
  const deadlineMs = performance.now() + withinMs;
  const senders = [...Map.groupBy(letters, ({ from }) => from)];
  for (;;) {
    let heard = 0;
    for (const [{ admin }, ofSender] of senders) {
      const { rows } = await admin.query<{ count: number }>(
        "select count(distinct letter_id) as count from saraban.recipient_event where what = $1 and letter_id = any ($2)",
        [what, ofSender.map(({ id }) => id)],
      );
      heard += rows[0]?.count ?? 0;
    }
    told(heard);
    if (heard === letters.length) return true;
    if (performance.now() > deadlineMs) return false;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The line of a letter in the other side's inbound book, or its place in the tray there, found by the mail that brought it. */
export interface Arrival {
  readonly intakeId: string;
  readonly agencyId: string;
  readonly number: number | null;
  readonly year: number | null;
}

export async function findArrival({ id, from, to }: SentLetter): Promise<Arrival | undefined> {
  const { rows: mails } = await from.admin.query<{ id: string }>(
    "select message_id as id from saraban.notice where letter_id = $1 and kind = 'letter'",
    [id],
  );
  const { rows } = await to.admin.query<Arrival>(
    `select r.intake_id as "intakeId", r.agency_id as "agencyId", e.number, e.year
       from saraban.reading r left join saraban.entry e on e.intake_id = r.intake_id
      where r.message_id = any ($1)`,
    [mails.map((mail) => mail.id)],
  );
  return rows.length === 1 ? rows[0] : undefined;
}

/** The first letter is asked back, and the clerk there gives it back. */
export async function recallLetter(
  sent: SentLetter,
  arrival: Arrival,
  signal: AbortSignal,
): Promise<boolean> {
  const { from, to, id } = sent;
  const agencyId = (from.agencies[0] as Agency).id;
  await doAct(from, from.drafter, { act: "recall", agencyId, letterId: id, reason: "แนบเอกสารผิดฉบับ" });
  const asked = await waitForLine(to, arrival, "recall-requested", signal);
  if (!asked) return false;
  await doAct(to, to.drafter, {
    act: "answer-recall",
    agencyId: arrival.agencyId,
    book: "inbound.ordinary",
    year: arrival.year,
    number: arrival.number,
    details: { accept: true },
  });
  return waitForNews([sent], "recall-accepted", ONE_LETTER_MS, signal);
}

/** A letter to the office where a clerk registers: it lies in the tray, and the clerk rejects it. */
export async function rejectLetter(sent: SentLetter, signal: AbortSignal): Promise<boolean> {
  const deadlineMs = performance.now() + ONE_LETTER_MS;
  for (;;) {
    const arrival = await findArrival(sent);
    const { rows } = await sent.to.admin.query("select from saraban.tray_lying where intake_id = $1", [
      arrival?.intakeId ?? null,
    ]);
    if (arrival && rows.length > 0) {
      const { intakeId, agencyId } = arrival;
      const reason = "ไม่อยู่ในอำนาจหน้าที่ของหน่วยงาน";
      await doAct(sent.to, sent.to.drafter, { act: "reject", agencyId, intakeId, reason });
      return waitForNews([sent], "rejected", ONE_LETTER_MS, signal);
    }
    if (performance.now() > deadlineMs) return false;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

const ONE_LETTER_MS = 30_000;

async function waitForLine(
  { admin }: Installation,
  { agencyId, year, number }: Arrival,
  what: string,
  signal: AbortSignal,
): Promise<boolean> {
  const deadlineMs = performance.now() + ONE_LETTER_MS;
  for (;;) {
    const { rows } = await admin.query(
      "select from saraban.entry_event where book_id = $1 and year = $2 and number = $3 and what = $4",
      [`${agencyId}.inbound.ordinary`, year, number, what],
    );
    if (rows.length > 0) return true;
    if (performance.now() > deadlineMs) return false;
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}
