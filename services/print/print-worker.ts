/**
 * The thread in which registers are laid out and letters' PDFs read: work that takes the processor for seconds, or memory
 * without measure, must not stop the service's event loop. Started by start-print-worker.ts; imported by nobody.
 *
 * Receives one task at a time and answers each with one message. Whatever it throws ends the thread, and the other side
 * hears of it.
 */
import { parentPort } from "node:worker_threads";
import type { RegisterLine } from "../shared/letter/register-line.ts";
import type { ReceiveStamp } from "./receive-stamp.ts";
import { writeRegisterCsv } from "./register-csv.ts";
import { writeRegisterPdf } from "./register-pdf.ts";
import type { RegisterOrder, RegisterWriter } from "./register-writer.ts";
import { writeRegisterXlsx } from "./register-xlsx.ts";
import { openSarabun } from "./sarabun.ts";
import { type StampedLetter, stampLetter } from "./stamp-letter.ts";

export type PrintTask =
  | { readonly do: "open-register"; readonly order: RegisterOrder }
  | { readonly do: "add-lines"; readonly lines: readonly RegisterLine[] }
  | { readonly do: "end-register" }
  | { readonly do: "stamp-letter"; readonly letter: Uint8Array; readonly stamp: ReceiveStamp };

/** What a task is answered with. */
export interface PrintAnswers {
  "open-register": null;
  "add-lines": Uint8Array;
  "end-register": Uint8Array;
  "stamp-letter": StampedLetter;
}

const WRITERS = { pdf: writeRegisterPdf, xlsx: writeRegisterXlsx, csv: writeRegisterCsv } as const;

let register: RegisterWriter | null = null;

parentPort?.on("message", (task: PrintTask) => {
  parentPort?.postMessage(perform(task));
});

function perform(task: PrintTask): PrintAnswers[PrintTask["do"]] {
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
      return stampLetter(asBuffer(task.letter), task.stamp, faces);
    }
  }
}

function opened(): RegisterWriter {
  if (register === null) throw new Error("no register was opened");
  return register;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
