import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { letterPdf } from "./letter-pdf.ts";

/** Signs with openssl and checks with pdfsig (package poppler-utils); without them that test is left out. */
export const canSign = ["openssl version", "pdfsig -v"].every((command) => {
  const [program = "", argument = ""] = command.split(" ");
  return spawnSync(program, [argument]).error === undefined;
});

const SIGNATURE_DIGITS = 8192;

/** A letter with a visible digital signature (ISO 32000-1 §12.8) of a key made for it. */
export function signedLetterPdf(): Buffer {
  const range = "9".repeat(32);
  const value = `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange[${range}]/Contents<${"0".repeat(SIGNATURE_DIGITS)}>>>`;
  const field = "<</Type/Annot/Subtype/Widget/FT/Sig/T(Signature)/Rect[100 100 250 150]/F 132/V 7 0 R>>";
  // The catalogue names no form: who checks looks through the pages too.
  const letter = letterPdf({ page: "/Annots[6 0 R]", objects: [field, value] });
  const from = letter.indexOf("/Contents<0") + "/Contents".length;
  const to = from + SIGNATURE_DIGITS + 2;
  letter.write(`0 ${from} ${to} ${letter.length - to}`.padEnd(range.length), letter.indexOf(range), "latin1");
  const signature = sign(Buffer.concat([letter.subarray(0, from), letter.subarray(to)]));
  letter.write(signature.toString("hex"), from + 1, "latin1");
  return letter;
}

/** What pdfsig says of the signatures. */
export function signaturesOf(pdf: Uint8Array): string {
  return inFolder((folder) => {
    writeFileSync(join(folder, "letter.pdf"), pdf);
    return execFileSync("pdfsig", ["-nocert", "letter.pdf"], { cwd: folder, encoding: "utf8" });
  });
}

function sign(bytes: Buffer): Buffer {
  const run = (folder: string, command: string): void => {
    execFileSync("openssl", command.split(" "), { cwd: folder, stdio: "ignore" });
  };
  return inFolder((folder) => {
    writeFileSync(join(folder, "signed"), bytes);
    run(folder, "req -x509 -newkey rsa:2048 -nodes -keyout key -out certificate -subj /CN=Example");
    run(folder, "cms -sign -binary -in signed -signer certificate -inkey key -outform DER -out signature");
    return readFileSync(join(folder, "signature"));
  });
}

function inFolder<T>(work: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "signed-letter-"));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
