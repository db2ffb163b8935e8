import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { PDFDocument } from "@cantoo/pdf-lib";
import { afterEach, describe, expect, test } from "vitest";
import { normaliseThai } from "../../shared/letter/thai-text.ts";
import { seededRandom } from "../../shared/testing/seeded-random.ts";
import { openContentKeeper, type PartContent } from "../mime/part-content.ts";
import {
  countlessForms,
  deepArrays,
  endlessPages,
  packedDrawing,
  packedObjects,
} from "../testing/hostile-pdfs.ts";
import { makePdf } from "../testing/make-pdf.ts";
import { confinedProgram, startPdfChild } from "./pdf-child.ts";
import { openPdfReader, type PdfRead, type PdfReader, type PdfReaderOptions } from "./read-pdf.ts";

const keeper = openContentKeeper();
const readers: PdfReader[] = [];
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
  await keeper.dispose();
});

function open(options: Partial<PdfReaderOptions> = {}): PdfReader {
  const reader = openPdfReader({ processes: 1, timeoutMs: 20_000, memoryMb: 256, ...options });
  readers.push(reader);
  return reader;
}

async function kept(octets: Buffer): Promise<PartContent> {
  const content = await keeper.keepOctets(octets);
  if (content === null) throw new Error("not kept");
  return content;
}

function letter(number = "ที่ กค ๐๔๑๐/๑๒๓"): Buffer {
  return makePdf([{ drawn: [{ text: number, x: 70, y: 150 }] }]);
}

function textOf(read: PdfRead): string {
  return read.kind === "text"
    ? read.pages.flatMap(({ lines }) => lines.map(({ text }) => text)).join("\n")
    : read.kind;
}

/** The processes that read PDFs for this one (Linux). */
function childrenHere(): number[] {
  const own = `/proc/${process.pid}/task`;
  return readdirSync(own)
    .flatMap((task) => readFileSync(`${own}/${task}/children`, "utf8").trim().split(" "))
    .filter((pid) => pid !== "" && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("pdf-process"))
    .map(Number);
}

describe("hostile files", () => {
  test("cost themselves only: what comes after them is read", async () => {
    const reader = open();
    const whole = letter();
    const files: [Buffer, object][] = [
      [whole.subarray(0, 600), { kind: "unreadable", why: "damaged" }],
      [
        Buffer.concat([Buffer.from("%PDF-1.7\n"), Buffer.alloc(300_000, "obj<<[(")]),
        { kind: "unreadable", why: "damaged" },
      ],
      [Buffer.from("no PDF at all"), { kind: "unreadable", why: "damaged" }],
      [endlessPages(), { kind: "unreadable", why: "damaged" }],
      [deepArrays(100_000), { kind: "no-text", pageCount: 1 }],
      [countlessForms(9), { kind: "unreadable", why: "too-much-memory" }],
      [packedDrawing(120_000_000), { kind: "unreadable", why: "too-much-memory" }],
      [packedObjects(120_000_000), { kind: "unreadable", why: "too-much-memory" }],
    ];
    for (const [octets, expected] of files) {
      expect(await reader.read(await kept(octets))).toEqual(expected);
      expect(textOf(await reader.read(await kept(whole)))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
    }
    const many = makePdf(
      Array.from({ length: 10_000 }, (_, page) => ({ drawn: [{ text: `${page}`, x: 70, y: 100 }] })),
    );
    expect(await reader.read(await kept(many))).toMatchObject({
      kind: "text",
      pageCount: 10_000,
      cut: false,
    });
  }, 240_000);

  test("octets changed, lost and doubled at random: an answer each time, and never a process lost", async () => {
    const reader = open();
    const random = seededRandom(5);
    const content = await kept(letter());
    await reader.read(content);
    const [pid] = childrenHere();
    for (let nth = 0; nth < 60; nth++) {
      let octets = letter();
      for (let times = random() * 10; times > 0; times--) {
        const at = Math.floor(random() * octets.length);
        const skipped = Math.floor(random() * 41) - 20;
        if (random() < 0.6) octets[at] = Math.floor(random() * 256);
        else octets = Buffer.concat([octets.subarray(0, at), octets.subarray(Math.max(0, at + skipped))]);
      }
      const read = await reader.read(await kept(octets));
      expect(read).not.toMatchObject({ why: "crashed" });
    }
    expect(childrenHere()).toEqual([pid]);
    expect(textOf(await reader.read(content))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
  });

  test("another letter is read while one takes all the time that it may", async () => {
    const reader = open({ processes: 2, timeoutMs: 1_500, memoryMb: 768 });
    const content = await kept(letter());
    await Promise.all([reader.read(content), reader.read(content)]);
    const events: string[] = [];
    const slow = reader.read(await kept(packedDrawing(100_000_000))).then((read) => {
      events.push("slow");
      return read;
    });
    for (let time = 0; time < 3; time++) {
      expect(textOf(await reader.read(content))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
      events.push("letter");
    }
    expect(await slow).toEqual({ kind: "unreadable", why: "too-slow" });
    expect(events).toEqual(["letter", "letter", "letter", "slow"]);
    expect(textOf(await reader.read(content))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
  });
});

describe("the process", () => {
  test("killed in the middle of a file, it is replaced and the file is read; killed again, the file is given up", async () => {
    const reader = open();
    const content = await kept(letter());
    await reader.read(content);
    let kills = 0;
    const killing = (times: number): PartContent => ({
      ...content,
      async read() {
        if (kills < times) {
          kills += 1;
          for (const pid of childrenHere()) process.kill(pid, "SIGKILL");
        }
        return content.read();
      },
    });
    expect(textOf(await reader.read(killing(1)))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
    kills = 0;
    expect(await reader.read(killing(9))).toEqual({ kind: "unreadable", why: "crashed" });
    expect(kills).toBe(2);
    expect(textOf(await reader.read(content))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
  });

  test("a content that cannot be had is no fault of the file; the reader goes on", async () => {
    const reader = open();
    const content = await kept(letter());
    const lost = { ...content, read: () => Promise.reject(new Error("disk gone")) };
    await expect(reader.read(lost)).rejects.toThrow("disk gone");
    const short = { ...content, read: async () => Buffer.from("%PDF-1.7") };
    await expect(reader.read(short)).rejects.toThrow("length");
    expect(textOf(await reader.read(content))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
  });

  test("starts with the first file, ends when there is nothing to read, and at close", async () => {
    const reader = open({ idleMs: 50 });
    expect(childrenHere()).toEqual([]);
    const content = await kept(letter());
    await reader.read(content);
    const [pid] = childrenHere();
    await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 60_000 }).toBe(false);
    const waiting = reader.read(content);
    const closed = expect(waiting).rejects.toThrow(/stopped|closed/);
    await reader.close();
    await closed;
    await expect(reader.read(content)).rejects.toThrow("closed");
    expect(childrenHere()).toEqual([]);
  });

  test("may read its own program, and touch nothing else", () => {
    const { stdout } = spawnSync(process.execPath, confinedProgram("testing/try-to-escape.ts"), {
      env: {},
      encoding: "utf8",
    });
    expect(JSON.parse(stdout)).toEqual({
      readProgram: true,
      readSystem: false,
      readTemporary: false,
      write: false,
      spawn: false,
      thread: false,
      evaluate: false,
      environment: [],
    });
  });

  test("its memory is watched from outside too", async () => {
    const child = startPdfChild({ timeoutMs: 20_000, memoryMb: 10 });
    await child.ready;
    // No file at all: Node alone takes more than this child may.
    const content = { ...(await kept(letter())), read: () => new Promise<Buffer>(() => undefined) };
    expect(await child.read(content)).toEqual({ ended: "too-much-memory" });
    await child.stop();
  });
});

test("passwords: one that is needed keeps us out, one that only forbids does not", async () => {
  const reader = open();
  const locked = async (userPassword: string): Promise<Buffer> => {
    const document = await PDFDocument.load(letter());
    document.encrypt({
      userPassword,
      ownerPassword: "owner",
      permissions: { printing: "lowResolution", copying: false },
    });
    return Buffer.from(await document.save());
  };
  expect(await reader.read(await kept(await locked("secret")))).toEqual({ kind: "encrypted" });
  expect(textOf(await reader.read(await kept(await locked(""))))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
});

test("a file that is not held in memory is passed on in pieces", async () => {
  const large = Buffer.concat([letter(), Buffer.alloc(3_000_000, "% a comment behind the file\n")]);
  expect(textOf(await open().read(await kept(large)))).toBe("ที่ กค ๐๔๑๐/๑๒๓");
});

const CORPUS = fileURLToPath(new URL("../../../../shared/corpus", import.meta.url));

interface CorpusPdf {
  file: string;
  text: boolean;
  letter: { numberRaw: string; subject: string; to: string | null };
  references: string[];
  enclosures: string[];
}

describe.skipIf(!existsSync(`${CORPUS}/expected.json`))("the corpus", () => {
  test("what is printed in each letter is found, and which ones are scans", async () => {
    const reader = open();
    const { pdf } = JSON.parse(readFileSync(`${CORPUS}/expected.json`, "utf8")) as { pdf: CorpusPdf[] };
    expect(pdf.length).toBeGreaterThan(15);
    const bare = (text: string): string => normaliseThai(text).replace(/\s/gu, "");
    for (const { file, text, letter: printed, references, enclosures } of pdf) {
      const read = await reader.read(await kept(readFileSync(`${CORPUS}/${file}`)));
      expect(read.kind, file).toBe(text ? "text" : "no-text");
      if (!text) continue;
      const found = bare(textOf(read));
      for (const words of [printed.numberRaw, printed.subject, printed.to, ...references, ...enclosures])
        expect(found, file).toContain(bare(words ?? ""));
    }
  }, 240_000);
});
