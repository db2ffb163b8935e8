import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** Promised: a letter of 50 MB raises the resident memory of the room that reads it by 100 MB at most. */
const MOST_MB = 100;

/** Reads a small letter, then a large one, in a process of its own. Prints by how many MB its peak has risen. */
const CHILD = `
  const [way] = process.argv.slice(1);
  const { Readable } = await import("node:stream");
  const { createHash } = await import("node:crypto");
  const at = (path) => new URL(path, ${JSON.stringify(new URL("./", import.meta.url).href)}).href;
  const { readProgram } = await import(at("read-program.ts"));
  const { UNOPENED } = await import(at("../unread-reading.ts"));
  const { openArrivedFile } = await import(at("../../shared/letter/arrival/open-arrived-file.ts"));
  const { letterRequest } = await import(at("../../shared/ecms/write-soap.ts"));
  const { documentOfFacts, NO_PARTY } = await import(at("../../shared/ecms/write-government-document.ts"));
  const piece = Buffer.alloc(65_536, "%PDF-1.4 0123456789");
  const pieces = function* (bytes) { for (let at = 0; at < bytes; at += piece.length) yield piece; };
  const facts = { number: "นร 1200/61", date: "2020-04-20", subject: "x", urgency: "normal", sender: NO_PARTY,
    receiver: NO_PARTY, references: [], enclosures: [], sentAt: null, description: null };
  const soap = (bytes) => letterRequest({ messageId: "", to: "", dialect: "2.0" }, documentOfFacts(facts,
    [{ role: "main", mimeCode: "application/pdf", open: () => Readable.from(pieces(bytes)) }]));
  const form = function* (bytes) {
    yield Buffer.from('--b\\r\\nContent-Disposition: form-data; name="letter"\\r\\nContent-Type: application/json\\r\\n\\r\\n{"number":"x"}');
    yield Buffer.from('\\r\\n--b\\r\\nContent-Disposition: form-data; name="main"; filename="a.pdf"\\r\\nContent-Type: application/pdf\\r\\n\\r\\n');
    yield* pieces(bytes);
    yield Buffer.from("\\r\\n--b--\\r\\n");
  };
  const mediaType = way === "form" ? "multipart/form-data; boundary=b" : "text/xml";
  const open = (bytes) => way === "form" ? Readable.from(form(bytes))
    : Readable.from((async function* () { for await (const text of soap(bytes)) yield Buffer.from(text); })());
  const read = async (bytes) => {
    const arrival = { door: way === "form" ? "api" : "ecms", mediaType, senderDomain: null, sha256: "", sizeBytes: 0 };
    const { reading } = await readProgram(open(bytes), arrival, new Map(), UNOPENED);
    const [file] = reading.attachments;
    const { content } = await openArrivedFile(open(bytes), mediaType, file.partId);
    const digest = createHash("sha256");
    for await (const chunk of content) digest.update(chunk);
    if (digest.digest("hex") !== file.sha256 || !(file.sizeBytes >= bytes)) throw new Error("not the same octets");
  };
  const peakMb = () => process.resourceUsage().maxRSS / 1024;
  await read(300_000);
  const before = peakMb();
  await read(50 * 1024 * 1024);
  process.stdout.write(String(peakMb() - before));
`;

it.each(["soap", "form"])(
  "a letter of 50 MB by %s is read within bounds",
  async (way) => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module", "-e", CHILD, way],
      { timeout: 120_000 },
    );
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(Number(stdout)).toBeLessThan(MOST_MB);
  },
  130_000,
);
