import { constants, deflateRawSync } from "node:zlib";
import { expect, test } from "vitest";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { type PrintOptions, printRegister } from "./print-register.ts";
import type { ReceiveStamp } from "./receive-stamp.ts";
import { writeRegisterCsv } from "./register-csv.ts";
import { writeRegisterPdf } from "./register-pdf.ts";
import type { RegisterFormat, RegisterOrder } from "./register-writer.ts";
import { writeRegisterXlsx } from "./register-xlsx.ts";
import { STAMP_LIMITS, stampLetterApart } from "./stamp-letter-apart.ts";
import { PRINT_LIMITS, PrintLimitReached } from "./start-print-process.ts";
import { letterPdf } from "./testing/letter-pdf.ts";
import { lineOf, makeUpLines, orderOf } from "./testing/made-up-lines.ts";

async function* stream(lines: readonly RegisterLine[]): AsyncGenerator<RegisterLine> {
  yield* lines;
}

async function printed(
  order: RegisterOrder,
  lines: AsyncIterable<RegisterLine>,
  options: PrintOptions = {},
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const bytes of printRegister(order, lines, options)) pieces.push(bytes);
  return Buffer.concat(pieces);
}

test.each(["pdf", "xlsx", "csv"] as const)("%s: the process writes what is written here", async (format) => {
  const writers = { pdf: writeRegisterPdf, xlsx: writeRegisterXlsx, csv: writeRegisterCsv };
  const lines = makeUpLines(450, 11);
  const done: number[] = [];
  const bytes = await printed(orderOf(format), stream(lines), { onProgress: (count) => done.push(count) });
  const writer = writers[format](orderOf(format));
  const pieces = [0, 200, 400].map((from) => writer.add(lines.slice(from, from + 200)));
  expect(bytes.equals(Buffer.concat([...pieces, writer.end()]))).toBe(true);
  expect(done).toEqual([200, 400, 450]);
});

test("the event loop goes on while a register is laid out", async () => {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
  }, 5);
  await printed(orderOf("pdf"), stream(makeUpLines(600, 2)));
  clearInterval(timer);
  expect(ticks).toBeGreaterThan(10);
});

test("lines are asked for as the bytes are taken, and who stops reading stops source and process", async () => {
  const processes = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === "ProcessWrap").length;
  const before = processes();
  let asked = 0;
  let closed = false;
  async function* source(): AsyncGenerator<RegisterLine> {
    try {
      for (;;) {
        asked += 1;
        yield lineOf({ number: asked });
      }
    } finally {
      closed = true;
    }
  }
  for await (const bytes of printRegister(orderOf("csv"), source())) {
    expect(bytes.length).toBeGreaterThan(0);
    break;
  }
  expect(processes()).toBe(before);
  expect(asked).toBe(200);
  expect(closed).toBe(true);
});

test("a signal ends it with its reason", async () => {
  const before = AbortSignal.abort(new Error("too late"));
  await expect(printed(orderOf("pdf"), stream([]), { signal: before })).rejects.toThrow("too late");
  const abort = new AbortController();
  const onProgress = (): void => abort.abort(new Error("the clerk went home"));
  await expect(
    printed(orderOf("pdf"), stream(makeUpLines(1000, 4)), { signal: abort.signal, onProgress }),
  ).rejects.toThrow("the clerk went home");
});

test("what goes wrong is heard: in the source, in the process", async () => {
  async function* failing(): AsyncGenerator<RegisterLine> {
    yield lineOf();
    throw new Error("the database is away");
  }
  await expect(printed(orderOf("pdf"), failing())).rejects.toThrow("the database is away");
  const noLine = { number: 1 } as RegisterLine;
  await expect(printed(orderOf("pdf"), stream([noLine]))).rejects.toThrow(TypeError);
  await expect(printed(orderOf("docx" as RegisterFormat), stream([]))).rejects.toThrow(TypeError);
});

test("more time or memory than allowed ends the process", async () => {
  const lines = makeUpLines(400, 6);
  const hurried = { ...PRINT_LIMITS, taskMs: 1 };
  await expect(printed(orderOf("pdf"), stream(lines), { limits: hurried })).rejects.toMatchObject({
    name: "PrintLimitReached",
    limit: "time",
  });
  const cramped = { ...PRINT_LIMITS, heapMb: 8 };
  await expect(printed(orderOf("pdf"), stream(makeUpLines(4000, 6)), { limits: cramped })).rejects.toThrow(
    PrintLimitReached,
  );
});

const STAMP: ReceiveStamp = {
  agencyNameThai: "สำนักงานตัวอย่าง",
  number: 1,
  year: 2026,
  arrivedAt: null,
  registeredAt: new Date("2026-01-05T01:35:00Z"),
  receiverName: null,
};

test("a letter is stamped apart, and the caller keeps its bytes", async () => {
  const letter = letterPdf({ pages: 3 });
  const outcome = await stampLetterApart(letter, STAMP);
  expect(outcome.stamped).toBe(true);
  if (outcome.stamped) expect(Buffer.from(outcome.pdf).subarray(0, letter.length)).toEqual(letter);
  expect(letter).toEqual(letterPdf({ pages: 3 }));
});

test("a broken letter and one that costs too much are told apart", async () => {
  expect(await stampLetterApart(Buffer.from("%PDF-1.4 nothing"), STAMP)).toEqual({
    stamped: false,
    fault: "broken",
  });
  const limits = { ...STAMP_LIMITS, taskMs: 1 };
  expect(await stampLetterApart(letterPdf(), STAMP, { limits })).toEqual({
    stamped: false,
    fault: "too-costly",
  });
  // 20 MB of letter, held twice, in 16 MB of heap.
  const heavy = letterPdf({ page: `/X (${"x".repeat(20_000_000)})` });
  const cramped = { ...STAMP_LIMITS, heapMb: 16 };
  expect(await stampLetterApart(heavy, STAMP, { limits: cramped })).toEqual({
    stamped: false,
    fault: "too-costly",
  });
});

test.skipIf(process.platform !== "linux")("memory beside the heap counts too (read from /proc)", async () => {
  const limits = { ...STAMP_LIMITS, memoryMb: 10 };
  const heavy = letterPdf({ pages: 20_000 });
  expect(await stampLetterApart(heavy, STAMP, { limits })).toEqual({
    stamped: false,
    fault: "too-costly",
  });
});

test.each([
  // Read as it is written it has 2^40 pages.
  ["a tree of pages whose branches are one branch", treeBomb(), { taskMs: 3_000 }],
  ["four gigabytes in four megabytes", streamBomb(), { memoryMb: 400 }],
])("%s ends its process, not the service", async (_, letter, limit) => {
  const limits = { ...STAMP_LIMITS, ...limit };
  expect(await stampLetterApart(letter, STAMP, { limits })).toEqual({ stamped: false, fault: "too-costly" });
});

function treeBomb(): Buffer {
  let branches = "";
  for (let number = 20; number < 60; number++) {
    const kid = `${number === 59 ? 4 : number + 1} 0 R`;
    branches += `${number} 0 obj\n<</Type/Pages/Count 2/Kids[${kid} ${kid}]>>\nendobj\n`;
  }
  const letter = letterPdf().toString("latin1").replace("/Kids[4 0 R]", "/Kids[20 0 R]");
  return Buffer.from(letter.replace("4 0 obj", `${branches}4 0 obj`), "latin1");
}

/** An object stream of zeros; pieces that end with a full flush can be strung together. */
function streamBomb(): Buffer {
  const piece = deflateRawSync(Buffer.alloc(1024 * 1024), { finishFlush: constants.Z_FULL_FLUSH });
  const data = [Buffer.from([0x78, 0x9c]), ...Array.from({ length: 4096 }, () => piece), Buffer.from([3, 0])];
  const length = data.reduce((sum, { length }) => sum + length, 0);
  const entries = `/Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length ${length}`;
  const start = Buffer.from(`%PDF-1.5\n9 0 obj\n<<${entries}>>\nstream\n`);
  return Buffer.concat([start, ...data, Buffer.from("\nendstream\nendobj\n"), letterPdf()]);
}
