import { arabicToThaiDigits } from "../../services/shared/letter/thai-text.ts";
import { chance, pick, pickByRank, type Random, weighted, whole } from "./draw.ts";
import { district, village } from "./letter-places.ts";
import { fiscalYear, period, session, type Writing } from "./letter-times.ts";
import * as words from "./letter-words.ts";

type Form = (random: Random, at: Writing) => string;

/**
 * A made-up subject (เรื่อง), as it arrives: Thai or Arabic digits and, now and then, what word processors and typists
 * leave behind. Its words follow Zipf's law: some stand in every tenth letter, names of villages in a few of a million.
 */
export function makeSubject(random: Random, at: Writing): string {
  const subject = pick(random, FORMS)(random, at);
  return blemished(random, chance(random, 0.55) ? arabicToThaiDigits(subject) : subject);
}

const FORMS = weighted<Form>([
  [17, meeting],
  [14, request],
  [15, report],
  [10, circular],
  [11, sending],
  [8, funding],
  [7, works],
  [2, complaint],
  [6, training],
  [3, appointment],
  [4, purchase],
  [2, personnel],
  [1, (random) => pickByRank(random, words.BARE)],
]);

function meeting(random: Random, at: Writing): string {
  const place = chance(random, 0.3) ? district(random) : "";
  const online = chance(random, 0.12) ? ` ผ่าน${pickByRank(random, words.ONLINE)}` : "";
  return (
    pickByRank(random, words.MEETINGS) +
    pickByRank(random, words.COMMITTEES) +
    deed(random) +
    place +
    session(random, at) +
    online
  );
}

function request(random: Random, at: Writing): string {
  const joint = pick(random, ["เพื่อการ", "ในการ", "สำหรับการ", "เกี่ยวกับการ"]);
  return (
    pickByRank(random, words.REQUESTS) +
    pickByRank(random, words.FAVOURS) +
    joint +
    deed(random) +
    sometimesPlace(random) +
    period(random, at, 0.25)
  );
}

function report(random: Random, at: Writing): string {
  return (
    pickByRank(random, words.REPORTS) +
    pickByRank(random, words.EFFORTS) +
    deed(random) +
    sometimesPlace(random) +
    period(random, at, 0.75)
  );
}

function circular(random: Random, at: Writing): string {
  const about = pick(random, ["เกี่ยวกับการ", "ว่าด้วยการ", "การ", "ในการ"]);
  const edition = chance(random, 0.35)
    ? ` (ฉบับที่ ${2 + whole(random, 8)}) พ.ศ. ${at.year - whole(random, 5)}`
    : period(random, at, 0.3);
  const article = chance(random, 0.12) ? ` ข้อ ${1 + whole(random, 90)}` : "";
  return (
    pickByRank(random, words.NOTICES) +
    pickByRank(random, words.RULES) +
    about +
    deed(random) +
    edition +
    article
  );
}

function sending(random: Random, at: Writing): string {
  return (
    pickByRank(random, words.SENDINGS) +
    pickByRank(random, words.PAPERS) +
    pick(random, ["โครงการ", "การ"]) +
    deed(random) +
    sometimesPlace(random) +
    period(random, at, 0.5)
  );
}

function funding(random: Random, at: Writing): string {
  const money = chance(random, 0.4)
    ? ` จำนวนเงิน ${amount(random)} บาท`
    : chance(random, 0.3)
      ? ` งวดที่ ${1 + whole(random, 4)}`
      : "";
  return `${pickByRank(random, words.FUNDINGS)}โครงการ${deed(random)}${sometimesPlace(random)}${fiscalYear(at)}${money}`;
}

function works(random: Random, at: Writing): string {
  const step = pickByRank(random, words.WORK_STEPS);
  return step + pickByRank(random, words.WORKS) + village(random) + period(random, at, 0.2);
}

function complaint(random: Random): string {
  const opener = pick(random, [
    "ขอให้ตรวจสอบข้อเท็จจริงกรณี",
    "ข้อร้องเรียนเรื่อง",
    "ขอให้แก้ไขปัญหา",
    "แจ้งผลการแก้ไขปัญหา",
  ]);
  return opener + pickByRank(random, words.COMPLAINTS) + village(random);
}

const QUOTES = [
  ["“", "”"],
  ['"', '"'],
  ["", ""],
] as const;

function training(random: Random, at: Writing): string {
  const [open, close] = pick(random, QUOTES);
  const course = chance(random, 0.6) ? `หลักสูตร ${open}การ${deed(random)}${close}` : `โครงการ${deed(random)}`;
  const group = chance(random, 0.5) ? ` รุ่นที่ ${1 + whole(random, 30)}` : "";
  return `${pickByRank(random, words.TRAININGS)} ${course}${group}${period(random, at, 0.4)}`;
}

function appointment(random: Random, at: Writing): string {
  return (
    pickByRank(random, words.APPOINTMENTS) +
    pickByRank(random, words.COMMITTEES) +
    deed(random) +
    sometimesPlace(random) +
    period(random, at, 0.4)
  );
}

function purchase(random: Random, at: Writing): string {
  const [goods, counter] = pickByRank(random, words.GOODS).split("/") as [string, string];
  const way = pick(random, ["โดยวิธีเฉพาะเจาะจง", "ด้วยวิธีประกวดราคาอิเล็กทรอนิกส์ (e-bidding)", "โดยวิธีคัดเลือก", ""]);
  const price = chance(random, 0.3) ? ` วงเงิน ${amount(random)} บาท` : "";
  return (
    `${pickByRank(random, words.PURCHASES)}${goods} จำนวน ${1 + whole(random, 120)} ${counter}` +
    `${way === "" ? "" : ` ${way}`}${price}${period(random, at, 0.4)}`
  );
}

function personnel(random: Random, at: Writing): string {
  const post = `ตำแหน่ง${pickByRank(random, words.POSTS)}${pickByRank(random, words.GRADES)}`;
  return `${pickByRank(random, words.PERSONNEL)} ${post}${district(random)}${period(random, at, 0.5)}`;
}

/** What is done and how, without an opening การ: "พัฒนาแหล่งน้ำแบบบูรณาการ". */
function deed(random: Random): string {
  const field = pickByRank(random, words.FIELDS);
  const plain = pickByRank(random, field.deeds) + pickByRank(random, field.things);
  const dice = random();
  if (dice < 0.3) return plain + pickByRank(random, words.MANNERS);
  if (dice < 0.38) return `${plain}และ${pickByRank(random, field.deeds)}${pickByRank(random, field.things)}`;
  return dice < 0.47 ? `${plain} (${pickByRank(random, field.english)})` : plain;
}

function sometimesPlace(random: Random): string {
  return chance(random, 0.4) ? district(random) : "";
}

/** 5,000 to 9,999,000 in whole thousands. */
function amount(random: Random): string {
  const thousands = Math.floor(5 * 2000 ** random());
  const rest = `${String(thousands % 1000).padStart(thousands < 1000 ? 1 : 3, "0")},000`;
  return thousands < 1000 ? rest : `${Math.floor(thousands / 1000)},${rest}`;
}

const MARK = /[\u0E31\u0E33-\u0E3A\u0E47-\u0E4E]/;

/** One subject of twenty has a blemish; normaliseThai removes those that cannot be seen. */
function blemished(random: Random, subject: string): string {
  const dice = random();
  if (dice > 0.05) return subject;
  if (dice < 0.015) return subject.replaceAll("\u0E33", "\u0E4D\u0E32");
  if (dice < 0.03) {
    let at = whole(random, subject.length);
    while (MARK.test(subject.charAt(at))) at--;
    return `${subject.slice(0, at)}\u200B${subject.slice(at)}`;
  }
  if (dice < 0.045) return subject.replace(" ", "  ");
  return subject.replaceAll(" ", "\u00A0");
}
