import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { drawQrCode, qrCode } from "../../pdf/qr-code.ts";
import { ALL_EVIDENCE, EVIDENCE_EXAMPLES } from "../../testing/evidence-examples.ts";
import { contentsOf, hasPoppler, POPPLER_MISSING, pageCountOf, textOf } from "../../testing/read-pdf.ts";
import type { Evidence } from "./evidence.ts";
import { EVIDENCE_HEADINGS } from "./evidence-words.ts";
import { findJws } from "./find-jws.ts";
import { receiptPdf } from "./receipt-pdf.ts";
import { newSigningKey, publicHalf, signEvidence } from "./sign-evidence.ts";
import { verifyEvidence } from "./verify-evidence.ts";

const reader = hasPoppler ? "poppler" : POPPLER_MISSING;
const readTest = test.skipIf(!hasPoppler);
const key = await newSigningKey();
const registered = EVIDENCE_EXAMPLES.registered;

async function paper(evidence: Evidence): Promise<Buffer> {
  return receiptPdf(evidence, await signEvidence(evidence, key));
}

readTest(
  `the six fields, the times and how it is checked stand on one page, in Thai and English (${reader})`,
  async () => {
    const pdf = await paper(registered);
    const text = textOf(pdf);
    for (const line of [
      /^ *สำนักงานทดสอบ ก$/mu,
      /^ *Test Office A$/mu,
      /^ *ใบตอบรับหนังสือ$/mu,
      /^เลขที่หนังสือ +นร ๑๒๐๐\/๕๕$/mu,
      /^ลงวันที่ +20 พฤศจิกายน 2569$/mu,
      /^เลขทะเบียนรับ +12\/2569$/mu,
      /^เวลาที่รับ +21 พฤศจิกายน 2569 เวลา 08:30:00 น\.$/mu,
      /^ถือว่าได้รับเมื่อ +23 พฤศจิกายน 2569 เวลา 08:30:00 น\. \(เวลาทำการถัดไป\)$/mu,
      /^เวลาที่ลงทะเบียน +21 พฤศจิกายน 2569 เวลา 08:30:30 น\.$/mu,
      /^ชื่อ-สกุลผู้รับ +สมศรี ทดสอบ$/mu,
      /^หน่วยงานผู้รับ +งานสารบรรณ$/mu,
      /^เวลาข้างต้นเทียบกับนาฬิกาอ้างอิง PPS คลาดเคลื่อนไม่เกิน 3\.5 มิลลิวินาที$/mu,
      /^Letter number +นร 1200\/55$/mu,
      /^Received +21 November 2026 at 08:30:00 \(UTC\+7\)$/mu,
      /Evidence id +019aa5f0-0000-7000-8000-000000000001$/mu,
      new RegExp(`SHA-256 .*${"ab".repeat(32)}$`, "mu"),
      new RegExp(`SHA-256 .*${"cd".repeat(32)}$`, "mu"),
      /^ +7G3K-Q2M9-XW4T-0HVD$/mu,
      /^ +https:\/\/saraban\.agency-a\.example\.go\.th\/verify\/7G3KQ2M9XW4T0HVD$/mu,
    ])
      expect(text).toMatch(line);
    expect(await pageCountOf(pdf)).toBe(1);
  },
);

readTest(`each type has its heading, and the file is sound (${reader})`, async () => {
  for (const evidence of ALL_EVIDENCE) {
    const pdf = await paper(evidence);
    const text = textOf(pdf);
    const { title, says } = EVIDENCE_HEADINGS[evidence.type];
    for (const words of [title.th, title.en, says.en]) expect(text).toContain(words);
    const { stderr, stdout } = spawnSync("pdfinfo", ["-"], { input: pdf, encoding: "utf8" });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^Pages: +1$/mu);
    expect(stdout).toMatch(/^Page size: +595\.28 x 841\.89 pts \(A4\)$/mu);
  }
});

readTest(`the signed document lies in it as a file, and is found in the octets (${reader})`, async () => {
  const jws = await signEvidence(registered, key);
  const pdf = await receiptPdf(registered, jws);
  const found = findJws(pdf);
  expect(found).toBe(jws);
  const keys = [
    { kid: key.kid, jwk: publicHalf(key.privateKey), holder: null, retiredAt: null, revokedAt: null },
  ];
  expect(verifyEvidence(found ?? "", keys)).toMatchObject({ state: "genuine", evidence: registered });
  const folder = mkdtempSync(join(tmpdir(), "receipt-"));
  try {
    writeFileSync(join(folder, "receipt.pdf"), pdf);
    const detached = spawnSync("pdfdetach", [
      "-save",
      "1",
      "-o",
      join(folder, "out"),
      join(folder, "receipt.pdf"),
    ]);
    expect(detached.stderr.toString()).toBe("");
    expect(readFileSync(join(folder, "out"), "latin1")).toBe(jws);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("the QR code says where it is checked, or else its code", async () => {
  const drawn = async (evidence: Evidence): Promise<string> => contentsOf(await paper(evidence));
  const squares = (text: string): string =>
    drawQrCode(qrCode(text), 0, 0, 100).split("\n").slice(1).join("\n");
  expect(await drawn(registered)).toContain(squares(registered.verifyUrl as string));
  expect(await drawn({ ...registered, verifyUrl: null })).toContain(squares("7G3K-Q2M9-XW4T-0HVD"));
  const long = `https://example.go.th/${"a".repeat(600)}`;
  expect(await drawn({ ...registered, verifyUrl: long })).toContain(squares("7G3K-Q2M9-XW4T-0HVD"));
});

readTest(`long names are wrapped and cut, and never push anything off the page (${reader})`, async () => {
  const name = "สำนักงานคณะกรรมการพัฒนาระบบราชการและการบริหารกิจการบ้านเมืองที่ดี ".repeat(12).slice(0, 490).trim();
  const long: Evidence = {
    ...EVIDENCE_EXAMPLES.corrected,
    agency: {
      ...registered.agency,
      nameThai: name,
      nameEnglish: "Office of Very Long Names ".repeat(18).trim(),
    },
    letter: { number: "น".repeat(900), numberPrinted: "๑".repeat(900), date: null },
    receiver: { name, unit: name },
    reason: { code: "clerk", words: "เหตุผลที่ยาวมาก ".repeat(60).trim() },
    changes: Object.fromEntries(
      ["letter.number", "letter.numberPrinted", "receiver.name", "receiver.unit"].map((field) => [
        field,
        { old: name, new: name },
      ]),
    ),
    message: { ...registered.message, messageId: `<${"x".repeat(900)}@example.go.th>` },
  };
  const pdf = await paper(long);
  expect(await pageCountOf(pdf)).toBe(1);
  // Every baseline is on the page, and nothing of the table lies in the box at its foot.
  const places = [...contentsOf(pdf).matchAll(/ Tm /g)].length;
  const lines = [...contentsOf(pdf).matchAll(/BT ([\d.]+) 0 0 [\d.]+ ([\d.-]+) ([\d.-]+) Tm/g)];
  expect(lines).toHaveLength(places);
  for (const [, , x, y] of lines) {
    expect(Number(x)).toBeGreaterThan(50);
    expect(Number(y)).toBeGreaterThan(36);
    expect(Number(y)).toBeLessThan(842);
  }
  const text = textOf(pdf);
  expect(text).toContain("…");
  expect(text).toContain("7G3K-Q2M9-XW4T-0HVD");
  const panel = Math.max(...lines.filter(([, size]) => size === "16").map(([, , , y]) => Number(y)));
  const lowest = Math.min(...lines.filter(([, , x]) => x === "56.7").map(([, , , y]) => Number(y)));
  expect(lowest).toBeGreaterThan(panel + 10);
});

readTest(`a name in other letters is kept, and costs the next receipt nothing (${reader})`, async () => {
  const before = await paper(registered);
  const foreign = await paper({ ...registered, receiver: { name: "José Ñúñez 漢字", unit: "งานสารบรรณ" } });
  expect(textOf(foreign)).toMatch(/^ชื่อ-สกุลผู้รับ +José Ñúñez 漢字$/mu);
  expect(foreign.length).toBeGreaterThan(before.length + 500);
  expect(await paper(registered)).toEqual(before);
});

test("a receipt takes less than 60 KB, and few milliseconds", async () => {
  const jws = await signEvidence(registered, key);
  for (let times = 0; times < 30; times++) await receiptPdf(registered, jws);
  const started = process.cpuUsage();
  let size = 0;
  for (let number = 0; number < 50; number++) {
    const other = {
      ...registered,
      register: { ...(registered.register as object), number: 7000 + number },
    } as Evidence;
    size = (await receiptPdf(other, jws)).length;
  }
  const { user, system } = process.cpuUsage(started);
  expect(size).toBeLessThan(60_000);
  // 2 to 3 ms on the machine that it was written on; the bound is for one that does much else.
  expect((user + system) / 1000 / 50).toBeLessThan(25);
});
