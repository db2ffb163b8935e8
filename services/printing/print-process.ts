/**
 * The process in which registers are laid out and letters' PDFs read: work that takes the processor for seconds, or memory
 * without measure, must not stop the service's event loop. Started by start-print-process.ts; imported by nobody.
 *
 * Answers each task with one message; is asked one at a time. Ends with the service, or when it is killed.
 */
import type { RegisterLine } from "../shared/letter/register-line.ts";
import { openSarabun } from "../shared/pdf/sarabun.ts";
import type { ReceiveStamp } from "./receive-stamp.ts";
import { writeRegisterCsv } from "./register-csv.ts";
import { writeRegisterPdf } from "./register-pdf.ts";
import type { RegisterOrder, RegisterWriter } from "./register-writer.ts";
import { writeRegisterXlsx } from "./register-xlsx.ts";
import { type StampedLetter, stampLetter } from "./stamp-letter.ts";

export type PrintTask =
  | { readonly do: "open-register"; readonly order: RegisterOrder }
  | { readonly do: "add-lines"; readonly lines: readonly RegisterLine[] }
  | { readonly do: "end-register" }
  | { readonly do: "stamp-letter"; readonly letter: Uint8Array; readonly stamp: ReceiveStamp };

/** What comes of a task. */
export interface PrintResults {
  "open-register": null;
  "add-lines": Uint8Array;
  "end-register": Uint8Array;
  "stamp-letter": StampedLetter;
}

export type PrintAnswer = { readonly result: PrintResults[PrintTask["do"]] } | { readonly error: unknown };

const WRITERS = { pdf: writeRegisterPdf, xlsx: writeRegisterXlsx, csv: writeRegisterCsv } as const;

let register: RegisterWriter | null = null;

process.on("message", async (task: PrintTask) => {
  process.send?.(await answerTo(task));
});

async function answerTo(task: PrintTask): Promise<PrintAnswer> {
  try {
    return { result: await perform(task) };
  } catch (error) {
    return { error };
  }
}

async function perform(task: PrintTask): Promise<PrintResults[PrintTask["do"]]> {
  switch (task.do) {
    case "open-register":
      register = WRITERS[task.order.format](task.order);
      return null;
    case "add-lines":
      return opened().add(task.lines);
    case "end-register":
      return opened().end();
    case "stamp-letter": {
      const faces = { regular: openSarabun("regular"), bold: openSarabun("bold") };
      return stampLetter(task.letter, task.stamp, faces);
    }
  }
}

function opened(): RegisterWriter {
  if (register === null) throw new Error("no register was opened");
  return register;
}
