import type { CheckedReceipt } from "./http/check-receipt.ts";
import type { Evidence } from "./shared/letter/evidence/evidence.ts";
import {
  EVIDENCE_HEADINGS,
  evidenceRows,
  proofRows,
  type Words,
} from "./shared/letter/evidence/evidence-words.ts";
import { findJws } from "./shared/letter/evidence/find-jws.ts";
import type { PublicKey } from "./shared/letter/evidence/public-key.ts";
import { verifyEvidence } from "./shared/letter/evidence/verify-evidence.ts";
import { shown } from "./show-fields.ts";

/** A verdict on a file, for `saraban receipt verify`. */
export interface FileVerdict {
  readonly state: CheckedReceipt["state"];
  /** 0 genuine, 1 not, 2 cannot tell. */
  readonly exitCode: 0 | 1 | 2;
  readonly says: Words;
  /** What it says, whether or not that is proved; null when it says nothing. */
  readonly evidence: Evidence | null;
  readonly kid: string | null;
}

/** Checks a file with the keys of a key file alone: needs no installation and no network. */
export function checkOffline(octets: Uint8Array, keys: readonly PublicKey[]): CheckedReceipt {
  const jws = findJws(octets);
  if (jws === null) return { state: "not-a-receipt" };
  const verified = verifyEvidence(jws, keys);
  if (verified.state === "not-a-receipt") return { state: "not-a-receipt" };
  if (verified.state !== "genuine" && verified.state !== "revoked-key") return verified;
  return {
    state: verified.state,
    evidence: verified.state === "genuine" ? verified.evidence : verified.claims,
    kid: verified.kid,
    holder: null,
    isRecorded: null,
    keyRetiredAt: null,
    keyRevokedAt: verified.state === "genuine" ? null : verified.revokedAt,
    replacedBy: null,
  };
}

export function verdictOn(checked: CheckedReceipt): FileVerdict {
  const { state } = checked;
  const evidence = "evidence" in checked ? checked.evidence : "claims" in checked ? checked.claims : null;
  const kid = "kid" in checked ? checked.kid : null;
  // With the key in wrong hands the signature proves nothing; that the office has it in its own record does.
  const isProved = state === "genuine" || (state === "revoked-key" && checked.isRecorded === true);
  const says = state === "revoked-key" && isProved ? RECORDED : VERDICTS[state];
  return { state, exitCode: isProved ? 0 : state === "unknown-key" ? 2 : 1, says, evidence, kid };
}

const RECORDED: Words = {
  th: "เป็นของจริง: กุญแจที่ลงลายมือชื่อถูกเพิกถอนแล้ว แต่ใบตอบรับนี้ตรงกับบันทึกของหน่วยงานผู้ออก",
  en: "Authentic: the key that signed it was revoked, but it stands in the record of the office that issued it.",
};

const VERDICTS: Readonly<Record<CheckedReceipt["state"], Words>> = {
  genuine: {
    th: "เป็นของจริง: ลายมือชื่อดิจิทัลถูกต้อง",
    en: "Authentic: the digital signature is that of the office.",
  },
  unrecorded: {
    th: "เชื่อถือไม่ได้: ลงลายมือชื่อด้วยกุญแจของหน่วยงานนี้ แต่ไม่พบในบันทึกของหน่วยงาน โปรดแจ้งผู้ดูแลระบบ",
    en: "Not authentic: signed with this office's key, but not in its record. Tell its administrator.",
  },
  "revoked-key": {
    th: "เชื่อถือไม่ได้: กุญแจที่ลงลายมือชื่อถูกเพิกถอนแล้ว ผู้อื่นอาจทำเอกสารนี้ขึ้น",
    en: "Not authentic: the key that signed it was revoked; anybody may have made it.",
  },
  "unknown-key": {
    th: "ยืนยันไม่ได้: ไม่มีกุญแจสาธารณะของหน่วยงานผู้ออก ข้อความข้างล่างยังไม่ได้พิสูจน์",
    en: "Cannot tell: the key of its issuer is not known here; what it says below is not proved.",
  },
  tampered: {
    th: "ไม่ใช่ของจริง: ข้อมูลถูกแก้ไข หรือลายมือชื่อไม่ใช่ของกุญแจนี้",
    en: "Not authentic: it was changed, or the signature is not of this key.",
  },
  "not-a-receipt": {
    th: "ไม่พบใบตอบรับที่ลงลายมือชื่อในไฟล์นี้ (ไฟล์ .json ไม่มีลายมือชื่อ ให้ใช้ไฟล์ .jws หรือ .pdf)",
    en: "There is no signed receipt in this file (a .json has no signature: take the .jws or the .pdf).",
  },
  "not-found": {
    th: "ไม่พบใบตอบรับตามรหัสนี้",
    en: "There is no receipt with this code.",
  },
};

/** A statement in words, Thai and English, for a terminal. */
export function evidenceText(evidence: Evidence): string {
  const { title } = EVIDENCE_HEADINGS[evidence.type];
  const { nameThai, nameEnglish } = evidence.agency;
  const lines = [`${title.th} / ${title.en}`, `${nameThai} / ${nameEnglish}`];
  for (const { label, value } of [...evidenceRows(evidence), ...proofRows(evidence)]) {
    lines.push(`  ${inBoth(label)}: ${inBoth(value)}`);
  }
  // A stranger may have written any of it.
  return lines.map((line) => `${shown(line)}\n`).join("");
}

function inBoth({ th, en }: Words): string {
  return th === en ? th : `${th} / ${en}`;
}
