/**
 * Which letter a passage speaks of: the one being sent, or another one.
 *
 * A covering note often cites a letter before it names its own (ตามหนังสือ … ที่ ก ลงวันที่ … นั้น กรม ข ขอส่งหนังสือ
 * ที่ ค …). The nearest cue before a place decides; นั้น closes a citation.
 */
export type Role = "own" | "reference" | "plain";

// Leftmost wins, so ได้ส่งหนังสือ (has sent, another letter) is met before the ส่งหนังสือ inside it.
const CUES = new RegExp(
  [
    "(อ้างถึง|อ้างอิง",
    "(?:ได้|เคย)(?:เคย)?(?:มี|ส่ง|จัดส่ง|นำส่ง|ออก|แจ้งเวียน|แจ้ง)(?:หนังสือ|ไป)",
    "มีหนังสือ",
    "(?:ได้)?รับหนังสือ",
    "ตอบ(?:รับ|กลับ)?หนังสือ",
    "แจ้งเลข(?:ที่|ทะเบียน)?รับ",
    "แจ้งผลการรับ",
    "(?:ติดตาม|ทวงถาม|ทวง|ยกเลิก|แทน|แก้ไข|โดย|ถึง|จาก|ใน|เนื่องจาก|สืบเนื่องจาก|เนื่องด้วย|เกี่ยวกับ|ต่อ|สำเนา|เรียกคืน)หนังสือ",
    "หนังสือที่อ้าง",
    "เรื่องเดิม",
    "สืบเนื่อง",
    "ตาม(?=[ “\"'(]{0,2}(?:หนังสือ|บันทึก|ที่|ระเบียบ|มติ|คำสั่ง|ประกาศ|แนวทาง|นัย|อ้าง|ความใน)))",
  ].join("|") +
    "|((?:นำ|จัด)?ส่ง(?:ต่อ)?หนังสือ|แนบหนังสือ|หนังสือแนบ|ขอส่ง|ส่งซ้ำ|บัดนี้)" +
    "|(นั้น(?![ก-๎]))",
  "gu",
);

/** A passage read once, to be asked about many places in it. */
export function readRoles(passage: string): (at: number) => Role {
  const cues: { end: number; role: Role }[] = [];
  for (const match of passage.matchAll(CUES)) {
    const role = match[1] !== undefined ? "reference" : match[2] !== undefined ? "own" : "plain";
    cues.push({ end: match.index + match[0].length, role });
  }
  return (at) => {
    let role: Role = "plain";
    for (const cue of cues) {
      if (cue.end > at) break;
      role = cue.role;
    }
    return role;
  };
}
