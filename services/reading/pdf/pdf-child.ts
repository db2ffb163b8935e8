import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createReadStream } from "node:fs";
import type { Socket } from "node:net";
import { dirname, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { PartContent } from "../../shared/mime/part-content.ts";
import { residentMb } from "../../shared/runtime/resident-memory.ts";
import { projectDir } from "../../shared/runtime/settings.ts";
import { readAnswer } from "./pdf-answer.ts";
import type { PdfRead } from "./read-pdf.ts";

export interface PdfChildLimits {
  /** Of one file. */
  readonly timeoutMs: number;
  /** Of the whole process. */
  readonly memoryMb: number;
}

/** What ended the process while it read a file. */
export type PdfChildEnd = { readonly ended: "too-slow" | "too-much-memory" | "crashed" };

export interface PdfChild {
  readonly pid: number | undefined;
  /** Rejects when it does not start; says why. */
  readonly ready: Promise<void>;
  /** One file at a time. After an end it is of no more use. Rejects when the content cannot be had, or it was stopped. */
  read(content: PartContent): Promise<PdfRead | PdfChildEnd>;
  /** Memory that it holds; 0 where the system does not tell. */
  residentMb(): number;
  /** Kills it, and waits until it is gone. */
  stop(): Promise<void>;
}

const START_MS = 30_000;
const MEMORY_CHECK_MS = 50;
const HEAP_MB = 128;
/** What Node, PDFium's program and a file's octets take besides PDFium's own memory. */
const OWN_MB = 160;
const IN_ONE_PIECE_BYTES = 256 * 1024;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const MAX_COMPLAINT_CHARACTERS = 500;
/** A child that outlives a killed service is ended by the system when it has used up this many seconds of the processor. */
const LIFE_SECONDS = 600;
/** No memory dump and no file can be left behind with a letter in it. */
const LIMITED = 'ulimit -c 0 && ulimit -f 0 && ulimit -t "$1" && shift && exec "$@"';

/**
 * Starts a process that reads PDFs. It may read its own program and nothing else, write no file, start no process, and
 * gets no environment: what it knows is the one file that it is given.
 */
export function startPdfChild(limits: PdfChildLimits): PdfChild {
  const pdfMemoryBytes = Math.max(32, limits.memoryMb - OWN_MB) * 1024 * 1024;
  const child = spawn(
    "/bin/sh",
    [
      "-c",
      LIMITED,
      "sh",
      String(LIFE_SECONDS),
      process.execPath,
      ...confinedProgram("pdf-process.ts"),
      String(pdfMemoryBytes),
    ],
    { env: {}, cwd: "/", stdio: ["pipe", "pipe", "pipe"] },
  );
  type Settle = { resolve: (read: PdfRead | PdfChildEnd) => void; reject: (error: unknown) => void };
  let reading: Settle | null = null;
  let over: PdfChildEnd | null = null;
  let isReady = false;
  let complaint = "";
  let said = "";
  const started = Promise.withResolvers<void>();
  started.promise.catch(() => undefined);
  const startTimer = setTimeout(() => end("crashed"), START_MS);

  const settle = (): Settle | null => {
    const settled = reading;
    reading = null;
    return settled;
  };
  const end = (ended: PdfChildEnd["ended"]): void => {
    clearTimeout(startTimer);
    over ??= { ended };
    child.kill("SIGKILL");
    started.reject(new Error(`the program that reads PDFs does not start: ${complaint.trim() || ended}`));
    settle()?.resolve(over);
  };
  child.stdout.setEncoding("utf8");
  child.stdout.on("data", (text: string) => {
    said += text;
    const lineEnd = said.indexOf("\n");
    if (lineEnd < 0) {
      if (said.length > MAX_ANSWER_BYTES) end("crashed");
      return;
    }
    const line = said.slice(0, lineEnd);
    said = said.slice(lineEnd + 1);
    if (!isReady && line === '{"ready":true}') {
      isReady = true;
      clearTimeout(startTimer);
      started.resolve();
      return;
    }
    const read = readAnswer(line);
    // An answer to no question, or more than one, is not from our program any more.
    if (read === null || reading === null || said !== "") end("crashed");
    else settle()?.resolve(read);
  });
  // Before the first file it cannot quote a letter; later it is thrown away.
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => {
    if (!isReady) complaint = (complaint + text).slice(0, MAX_COMPLAINT_CHARACTERS);
  });
  child.stdin.on("error", () => undefined);
  const gone = new Promise<void>((resolve) => {
    child.on("error", (error) => {
      complaint ||= error.message;
      end("crashed");
      if (child.pid === undefined) resolve();
    });
    child.on("exit", (code, signal) => {
      // V8 aborts where the heap has its limit.
      end(code === 134 || signal === "SIGABRT" ? "too-much-memory" : "crashed");
      resolve();
    });
  });

  let stopping = false;
  const give = async (content: PartContent): Promise<void> => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.sizeBytes);
    let given = 0;
    for await (const chunk of await octetsOf(content)) {
      if (over !== null) return;
      // In one piece: each wakes the other side.
      const piece = given === 0 ? Buffer.concat([length, chunk]) : chunk;
      given += chunk.length;
      // Gone in the middle of a file, it would never ask for more.
      if (!child.stdin.write(piece)) await Promise.race([drained(child.stdin), gone]);
    }
    if (given !== content.sizeBytes)
      throw new Error("the content has not the length that it is said to have");
  };
  const watch = (): (() => void) => {
    const timer = setTimeout(() => end("too-slow"), limits.timeoutMs);
    const memory = setInterval(() => {
      if (residentMb(child.pid) > limits.memoryMb) end("too-much-memory");
    }, MEMORY_CHECK_MS);
    return () => {
      clearTimeout(timer);
      clearInterval(memory);
    };
  };
  return {
    pid: child.pid,
    ready: started.promise,
    residentMb: () => residentMb(child.pid),
    async read(content) {
      if (over !== null) return over;
      if (reading !== null) throw new Error("the program that reads PDFs is busy");
      const answered = new Promise<PdfRead | PdfChildEnd>((resolve, reject) => {
        reading = { resolve, reject };
      });
      hold(child, true);
      const unwatch = watch();
      try {
        give(content).catch((error: unknown) => {
          // Half a file was given: the next one would be taken for the rest of it.
          const settled = settle();
          end("crashed");
          settled?.reject(error);
        });
        return await answered;
      } finally {
        unwatch();
        // One that is being stopped is waited for.
        hold(child, stopping);
      }
    },
    async stop() {
      stopping = true;
      settle()?.reject(new Error("the reading of PDFs was stopped"));
      end("crashed");
      hold(child, true);
      await gone;
    },
  };
}

/** The loop of a service that stops must not be held up by a process that has nothing to do. */
function hold(child: ChildProcessByStdio<Writable, Readable, Readable>, held: boolean): void {
  const handles = [child, child.stdin, child.stdout, child.stderr] as unknown as Pick<
    Socket,
    "ref" | "unref"
  >[];
  for (const handle of handles) held ? handle.ref() : handle.unref();
}

/** Small contents are in memory anyway; large ones pass through in pieces. */
async function octetsOf(content: PartContent): Promise<AsyncIterable<Buffer> | Buffer[]> {
  if (content.sizeBytes <= IN_ONE_PIECE_BYTES) return [await content.read()];
  return createReadStream(await content.path(), {
    highWaterMark: IN_ONE_PIECE_BYTES,
  }) as AsyncIterable<Buffer>;
}

function drained(stdin: Writable): Promise<void> {
  return new Promise((resolve) => stdin.once("drain", () => resolve()));
}

/** Node's arguments for a program of this folder that may read what a PDF's reading needs, and touch nothing else. */
export function confinedProgram(file: string): string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const engine = dirname(fileURLToPath(import.meta.resolve("@hyzyla/pdfium/pdfium.wasm")));
  const readable = [
    // Where packages are linked from elsewhere (a deployment's volume, pnpm), Node looks at the link on its way.
    join(projectDir, "node_modules"),
    `${here}/*`,
    fileURLToPath(new URL("../../shared/letter/thai-text.ts", import.meta.url)),
    fileURLToPath(new URL("../../../package.json", import.meta.url)),
    `${engine}/*`,
    `${dirname(engine)}/package.json`,
  ];
  return [
    "--permission",
    ...readable.map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${HEAP_MB}`,
    // A file's glyphs are many small objects that live for a moment: with V8's default they take 48 MB before they are collected.
    "--max-semi-space-size=2",
    "--disallow-code-generation-from-strings",
    "--no-warnings",
    `${here}/${file}`,
  ];
}
