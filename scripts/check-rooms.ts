/**
 * Holds the rules of the house (README, "Developing"):
 *   1. rooms never import each other; shared/letter imports shared/runtime and shared/pdf and no room; those two import
 *      none of the others; shared/closed, which seals and keeps keys, imports shared/runtime and shared/letter, and neither
 *      of them imports it;
 *   2. nobody imports a room's main.ts (the command line loads it by name);
 *   3. each outside package has its keepers, so that replacing it touches few files;
 *   4. only *-store.ts and a few named files speak SQL;
 *   5. process.env is read in settings.ts only;
 *   6. no file of the product is longer than 400 lines;
 *   7. every cited standard (RFC, annex) stands in schemas/standards.txt with its status.
 * Tests and shared/testing may do more, but import no room that they do not stand in.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const ROOMS = [
  "intake",
  "reading",
  "registry",
  "notification",
  "queue",
  "http",
  "indexing",
  "printing",
  "audit",
  "clock",
  "classified",
  "console",
  "api",
];

const KEEPERS: Readonly<Record<string, readonly string[]>> = {
  bullmq: ["shared/runtime/queue.ts"],
  ioredis: ["shared/runtime/queue.ts"],
  pg: [
    "shared/runtime/database.ts",
    "shared/runtime/named-statements.ts",
    "shared/runtime/queue-pool.ts",
    "shared/runtime/settings-urls.ts",
    "shared/letter/agencies.ts",
  ],
  pino: ["shared/runtime/log.ts"],
  yaml: ["shared/runtime/settings.ts"],
  fastify: ["http/"],
  "@fastify/multipart": ["http/"],
  "@fastify/busboy": ["shared/mime/form-parts.ts"],
  "libxml2-wasm": ["http/letters/document-schema.ts"],
  "prom-client": ["http/metrics.ts"],
  mustache: ["notification/compose/"],
  nodemailer: ["notification/mail/"],
  mailparser: ["reading/", "shared/mime/"],
  saxes: ["shared/ecms/xml-gate.ts"],
  yauzl: [
    "reading/attachments/open-zip.ts",
    "reading/attachments/unpack-zip.ts",
    "reading/attachments/read-zip-parts.ts",
  ],
  "file-type": ["reading/attachments/detect-type.ts"],
  pkijs: ["reading/attachments/unpack-smime.ts"],
  asn1js: ["reading/attachments/unpack-smime.ts"],
  mailauth: [
    "reading/sender/check-sender.ts",
    "reading/sender/sender-signatures.ts",
    "reading/sender/sender-client.ts",
  ],
  "smtp-server": ["intake/"],
  imapflow: ["intake/imap/imap-connection.ts"],
  fontkit: ["shared/pdf/sarabun.ts"],
  "@expo-google-fonts/sarabun": ["shared/pdf/sarabun.ts"],
  "qrcode-generator": ["shared/pdf/qr-code.test.ts"],
  fflate: ["printing/register-xlsx.ts"],
  "csv-stringify": ["printing/register-csv.ts"],
  "@hyzyla/pdfium": ["reading/pdf/pdf-instance.ts"],
  "@cantoo/pdf-lib": ["printing/stamp-letter.ts", "printing/stamp-place.ts"],
  "@resvg/resvg-js": ["printing/stamp-png.ts"],
  jose: ["shared/letter/evidence/", "http/clients/"],
  canonicalize: ["shared/letter/evidence/canonical-form.ts"],
};

/** Files besides *-store.ts in which SQL may stand. */
const SPEAK_SQL = ["shared/", "intake/main.ts", "http/"];
const LONGEST_FILE = 400;

const standards = new Set(
  readFileSync(join(root, "schemas/standards.txt"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("|")[0]?.trim() ?? ""),
);

const faults: string[] = [];
for (const file of listFiles(join(root, "services"))) checkFile(file);
for (const fault of faults) process.stdout.write(`${fault}\n`);
process.stdout.write(faults.length === 0 ? "The rooms are in order.\n" : `${faults.length} faults\n`);
process.exitCode = faults.length === 0 ? 0 : 1;

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

function checkFile(path: string): void {
  const file = relative(join(root, "services"), path);
  const text = readFileSync(path, "utf8");
  const isTest = file.endsWith(".test.ts") || inTesting(file);
  const lines = text.split("\n").length;
  if (lines > LONGEST_FILE && file !== "shared/letter/tables.ts")
    faults.push(`${file}: ${lines} lines; split it`);
  for (const [citation] of text.matchAll(/\b(RFC \d{3,5}|Annex \d)\b/g)) {
    if (!standards.has(citation))
      faults.push(`${file}: cites ${citation}, which schemas/standards.txt does not list`);
  }
  for (const [, specifier = ""] of text.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)) {
    if (specifier.startsWith(".")) checkOwnImport(file, normalize(join(dirname(file), specifier)), isTest);
    else if (!isTest) checkPackage(file, specifier);
  }
  if (isTest) return;
  if (/process\.env\b/.test(text) && file !== "shared/runtime/settings.ts") {
    faults.push(`${file}: reads process.env; settings are passed down from settings.ts`);
  }
  if (/\bsql`|\bsql<|\.(selectFrom|insertInto|updateTable|deleteFrom)\(/.test(text) && !speaksSql(file)) {
    faults.push(`${file}: speaks SQL; that stands in a *-store.ts`);
  }
}

function checkOwnImport(file: string, target: string, isTest: boolean): void {
  const from = roomOf(file);
  const to = roomOf(target);
  if (to !== undefined && from !== to && from !== undefined)
    faults.push(`${file}: room ${from} imports room ${to} (${target})`);
  if (file.startsWith("shared/runtime/") && target.startsWith("shared/letter/"))
    faults.push(`${file}: runtime knows nothing of letters (${target})`);
  if (file.startsWith("shared/pdf/") && !target.startsWith("shared/pdf/") && !isTest)
    faults.push(`${file}: what writes PDFs needs nothing of this project (${target})`);
  if (file.startsWith("shared/runtime/") && target.startsWith("shared/pdf/"))
    faults.push(`${file}: runtime knows nothing of pages (${target})`);
  if (file.startsWith("shared/closed/") && !/^shared\/(closed|runtime|letter)\//.test(target) && !isTest)
    faults.push(`${file}: what seals needs runtime and letter alone (${target})`);
  if (
    /^shared\/(runtime|letter|pdf|mime|ecms)\//.test(file) &&
    target.startsWith("shared/closed/") &&
    !isTest
  )
    faults.push(`${file}: stands below what seals (${target})`);
  if (file.startsWith("shared/") && to !== undefined) faults.push(`${file}: shared code imports room ${to}`);
  if (target.endsWith("/main.ts") && !isTest) faults.push(`${file}: nobody imports a main.ts (${target})`);
  if (inTesting(target) && !isTest) faults.push(`${file}: the product imports test code (${target})`);
}

/** Test code that is no test itself: shared/testing, and a room's own testing folder. */
function inTesting(file: string): boolean {
  return file.split("/").includes("testing");
}

function roomOf(file: string): string | undefined {
  return ROOMS.find((room) => file.startsWith(`${room}/`));
}

function checkPackage(file: string, specifier: string): void {
  const name = specifier.startsWith("@")
    ? specifier.split("/").slice(0, 2).join("/")
    : (specifier.split("/")[0] as string);
  const keepers = KEEPERS[name];
  if (
    keepers &&
    !keepers.some((keeper) => (keeper.endsWith("/") ? file.startsWith(keeper) : file === keeper))
  ) {
    faults.push(`${file}: ${name} has its keeper: ${keepers.join(", ")}`);
  }
}

function speaksSql(file: string): boolean {
  return file.endsWith("-store.ts") || SPEAK_SQL.some((place) => file.startsWith(place));
}
