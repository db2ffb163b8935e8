import {
  clockWords,
  EVIDENCE_HEADINGS,
  type EvidenceRow,
  evidenceRows,
  proofRows,
  type Words,
} from "../shared/letter/evidence/evidence-words.ts";
import { showCode } from "../shared/letter/evidence/short-code.ts";
import { englishDateTime, thaiDateTime } from "../shared/letter/stamp.ts";
import type { CheckedReceipt } from "./check-receipt.ts";
import { type Html, html, wholePage } from "./page-html.ts";

/** What a request that was not carried out is told. */
export interface PageFault {
  readonly words: Words;
}

const TITLE: Words = { th: "ตรวจสอบใบตอบรับหนังสือ", en: "Check a receipt" };

/**
 * The page on which anybody checks a receipt: what came of it, and the form. One shape for each outcome.
 * @param root from this page to the folder in which "verify" lies: "" or "../"; a proxy may have put it anywhere
 */
export function verifyPage(root: string, outcome: CheckedReceipt | PageFault | null): string {
  const result =
    outcome === null ? null : "words" in outcome ? faultPart(outcome.words) : resultPart(root, outcome);
  const title = result === null ? TITLE.th : `${result.title} - ${TITLE.th}`;
  return wholePage(
    title,
    html`<header><h1>${both(TITLE)}</h1></header>
<main>
${result === null ? null : result.part}
${formPart(root)}
</main>
<footer>
<p>หน้านี้ไม่แสดงชื่อเรื่องหรือเนื้อหาของหนังสือ ให้เทียบข้อมูลที่แสดงกับใบตอบรับที่ท่านถืออยู่ หากไม่ตรงกันให้ถือข้อมูลในหน้านี้</p>
<p lang="en">This page shows neither subject nor content of a letter. Compare it with the receipt that you hold: where they differ, this page counts.</p>
</footer>`,
  );
}

interface ResultPart {
  readonly title: string;
  readonly part: Html;
}

/** good: believe it; doubt: believe it with care; bad: do not. */
type Look = "good" | "doubt" | "bad";

function faultPart(words: Words): ResultPart {
  return { title: words.th, part: section("bad", words, html``) };
}

function resultPart(root: string, checked: CheckedReceipt): ResultPart {
  const { look, words } = verdict(checked);
  return { title: words.th, part: section(look, words, detailsOf(root, checked)) };
}

function section(look: Look, words: Words, details: Html): Html {
  return html`<section class="result ${look}" role="status" aria-labelledby="result">
<h2 id="result" tabindex="-1">${both(words)}</h2>
${details}
</section>`;
}

function verdict(checked: CheckedReceipt): { look: Look; words: Words } {
  switch (checked.state) {
    case "genuine":
      return checked.replacedBy === null
        ? { look: "good", words: { th: "เป็นของจริง", en: "Authentic" } }
        : {
            look: "doubt",
            words: {
              th: "เป็นของจริง แต่มีฉบับใหม่ใช้แทนแล้ว",
              en: "Authentic, but a newer statement has taken its place",
            },
          };
    case "unrecorded":
      return {
        look: "doubt",
        words: {
          th: "ลายมือชื่อดิจิทัลถูกต้อง แต่ไม่พบในบันทึกของหน่วยงาน โปรดสอบถามหน่วยงานผู้ออก",
          en: "The signature holds, but the office's record does not have it; ask the office",
        },
      };
    case "revoked-key":
      return checked.isRecorded === true
        ? {
            look: "doubt",
            words: {
              th: "ตรงกับบันทึกของหน่วยงาน แต่กุญแจที่ใช้ลงลายมือชื่อถูกเพิกถอนแล้ว",
              en: "It stands in the office's record, but the key that signed it was revoked",
            },
          }
        : {
            look: "bad",
            words: {
              th: "เชื่อถือไม่ได้ กุญแจที่ใช้ลงลายมือชื่อถูกเพิกถอนแล้ว",
              en: "Not to be believed: the key that signed it was revoked",
            },
          };
    case "unknown-key":
      return {
        look: "bad",
        words: {
          th: "ยืนยันไม่ได้ ไม่รู้จักกุญแจที่ใช้ลงลายมือชื่อ โปรดตรวจสอบกับหน่วยงานผู้ออก",
          en: "Not confirmed: the key that signed it is not known here; ask the office that issued it",
        },
      };
    case "tampered":
      return {
        look: "bad",
        words: { th: "ไม่ใช่ของจริง ข้อมูลถูกแก้ไข", en: "Not authentic: it was changed after it was signed" },
      };
    case "not-a-receipt":
      return {
        look: "bad",
        words: {
          th: "ไม่พบใบตอบรับที่ลงลายมือชื่อในสิ่งที่ส่งมา โปรดใช้ไฟล์ .jws หรือ .pdf หรือกรอกรหัสตรวจสอบ",
          en: "No signed receipt was found in what you sent; take the .jws or the .pdf, or type its code",
        },
      };
    case "not-found":
      return {
        look: "bad",
        words: { th: "ไม่พบใบตอบรับตามรหัสนี้", en: "There is no receipt with this code" },
      };
  }
}

/** What a statement says, when it is believed at least in part. */
function detailsOf(root: string, checked: CheckedReceipt): Html {
  if (checked.state !== "genuine" && checked.state !== "unrecorded" && checked.state !== "revoked-key")
    return html``;
  if (checked.state === "revoked-key" && checked.isRecorded !== true)
    return html`${rowsPart(keyRows(checked))}`;
  const { evidence, replacedBy } = checked;
  const { title, says } = EVIDENCE_HEADINGS[evidence.type];
  const clock = clockWords(evidence);
  return html`${
    replacedBy === null
      ? null
      : html`<p><a href="${root}verify/${replacedBy}">ดูฉบับที่ใช้แทน <span lang="en">See what has taken its place</span></a></p>`
  }
<h3>${both(title)}</h3>
<p>${both(says)}</p>
${rowsPart([
  { label: { th: "หน่วยงานผู้ออก", en: "Issued by" }, value: officeOf(evidence.agency) },
  ...evidenceRows(evidence),
])}
<p>${clock.th}</p>
<p lang="en">${clock.en}</p>
<h3>${both({ th: "หลักฐาน", en: "Evidence" })}</h3>
${rowsPart([
  { label: { th: "รหัสตรวจสอบ", en: "Short code" }, value: same(showCode(evidence.code)) },
  ...proofRows(evidence),
  ...keyRows(checked),
])}`;
}

function officeOf({
  nameThai,
  nameEnglish,
  mailbox,
}: {
  nameThai: string;
  nameEnglish: string;
  mailbox: string;
}): Words {
  return { th: `${nameThai} (${mailbox})`, en: nameEnglish };
}

/** Whose key it is, and whether it still signs. */
function keyRows(checked: Extract<CheckedReceipt, { keyRetiredAt: Date | null }>): EvidenceRow[] {
  const { kid, holder, keyRetiredAt, keyRevokedAt } = checked;
  const rows: EvidenceRow[] = [{ label: { th: "กุญแจ", en: "Key" }, value: same(kid) }];
  if (holder !== null)
    rows.push({ label: { th: "กุญแจของหน่วยงานที่", en: "Key of the partner" }, value: same(holder) });
  if (keyRetiredAt !== null)
    rows.push({
      label: { th: "เลิกใช้กุญแจเมื่อ", en: "Key retired" },
      value: {
        th: `${thaiDateTime(keyRetiredAt)} (ที่ลงลายมือชื่อไว้ก่อนนั้นยังใช้ได้)`,
        en: `${englishDateTime(keyRetiredAt)} (what it signed before stands)`,
      },
    });
  if (keyRevokedAt !== null)
    rows.push({
      label: { th: "เพิกถอนกุญแจเมื่อ", en: "Key revoked" },
      value: { th: thaiDateTime(keyRevokedAt), en: englishDateTime(keyRevokedAt) },
    });
  return rows;
}

function rowsPart(rows: readonly EvidenceRow[]): Html {
  return html`<dl>
${rows.map(
  ({ label, value }) => html`<div><dt>${both(label)}</dt><dd>${both(value)}</dd></div>
`,
)}</dl>`;
}

function formPart(root: string): Html {
  return html`<form method="get" action="${root}verify">
<h2>${both({ th: "ตรวจสอบด้วยรหัส", en: "By its code" })}</h2>
<label for="code">${both({ th: "รหัสตรวจสอบ 16 ตัว", en: "Code of 16 characters, as printed on the receipt" })}</label>
<input id="code" name="code" maxlength="100" required autocomplete="off" autocapitalize="characters" spellcheck="false">
<button type="submit">${both({ th: "ตรวจสอบ", en: "Check" })}</button>
</form>
<form method="post" action="${root}verify" enctype="multipart/form-data">
<h2>${both({ th: "ตรวจสอบด้วยไฟล์หรือข้อความ", en: "By the file, or its text" })}</h2>
<label for="file">${both({ th: "ไฟล์ใบตอบรับ (PDF, JWS หรืออีเมล ไม่เกิน 1 MB)", en: "File of the receipt (PDF, JWS or e-mail, up to 1 MB)" })}</label>
<input id="file" name="file" type="file">
<label for="text">${both({ th: "หรือวางข้อความในไฟล์ .jws", en: "or paste what stands in the .jws file" })}</label>
<textarea id="text" name="text" rows="5" autocomplete="off" spellcheck="false"></textarea>
<button type="submit">${both({ th: "ตรวจสอบ", en: "Check" })}</button>
</form>`;
}

function same(text: string): Words {
  return { th: text, en: text };
}

/** Thai, and English beneath where it says something else. */
function both({ th, en }: Words): Html {
  return th === en ? html`${th}` : html`${th} <span lang="en">${en}</span>`;
}
