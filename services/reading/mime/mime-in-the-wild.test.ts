import { expect, it } from "vitest";
import { parseMime } from "../../shared/mime/parse-mime.ts";
import { openContentKeeper } from "../../shared/mime/part-content.ts";
import { expandAttachments } from "../attachments/expand-attachments.ts";
import type { ReadingProblem } from "../reading.ts";
import { readBodies, readMail } from "./read-parts.ts";

const LIMITS = { maxDepth: 20, maxParts: 300, maxHeaderBytes: 131_072, maxTextBytes: 1_048_576 };

async function read(binary: string) {
  const keeper = openContentKeeper();
  const problems = new Set<ReadingProblem>();
  async function* source(): AsyncGenerator<Buffer> {
    yield Buffer.from(binary.replace(/\r?\n/g, "\r\n"), "latin1");
  }
  try {
    const message = await parseMime(source(), LIMITS, keeper);
    const { attachments } = await expandAttachments(message, keeper, problems);
    const { subjectHeader } = readMail(message, problems);
    return {
      subject: subjectHeader,
      bodies: readBodies(message, problems),
      attachments,
      problems: [...problems],
    };
  } finally {
    await keeper.dispose();
  }
}

const thai = (text: string): string =>
  [...text]
    .map((c) =>
      String.fromCharCode(c.charCodeAt(0) < 0x80 ? c.charCodeAt(0) : c.charCodeAt(0) - 0xe00 + 0xa0),
    )
    .join("");
const utf8 = (text: string): string => Buffer.from(text).toString("latin1");
const named = (fields: string) =>
  read(`Subject: x\nContent-Type: multipart/mixed; boundary=b\n\n--b\n${fields}\n\n%PDF-1.4\n--b--\n`);

it.each([
  ["raw TIS-620", `Content-Disposition: attachment; filename="${thai("หนังสือ.pdf")}"`, "หนังสือ.pdf"],
  ["raw UTF-8", `Content-Disposition: attachment; filename="${utf8("หนังสือ.pdf")}"`, "หนังสือ.pdf"],
  [
    "no quotes around spaces",
    "Content-Disposition: attachment; filename=my long name.pdf",
    "my long name.pdf",
  ],
  ["a semicolon in quotes", 'Content-Disposition: attachment; filename="a;b.pdf"', "a;b.pdf"],
  [
    "both forms",
    "Content-Disposition: attachment; filename=\"x.pdf\"; filename*=utf-8''%E0%B8%81.pdf",
    "ก.pdf",
  ],
  [
    "a lying charset",
    "Content-Disposition: attachment; filename*=utf-8''%CB%B9%D1%A7%CA%D7%CD.pdf",
    "หนังสือ.pdf",
  ],
  [
    "cut inside a character",
    "Content-Disposition: attachment; filename*0*=utf-8''%E0%B8; filename*1*=%81; filename*2=.pdf",
    "ก.pdf",
  ],
  [
    "pieces out of order",
    "Content-Disposition: attachment; filename*1*=%81.pdf; filename*0*=tis-620''%A1",
    "ก\u0081.pdf",
  ],
  ["an encoded word", 'Content-Type: application/pdf; name="=?tis-620?B?oS5wZGY=?="', "ก.pdf"],
  [
    "two of a field",
    "Content-Type: application/pdf; name=a.pdf\nContent-Type: text/plain; name=b.pdf",
    "a.pdf",
  ],
])("reads a file name: %s", async (_, fields, name) => {
  const { attachments } = await named(fields);
  expect(attachments.map((attachment) => attachment.name)).toEqual([name]);
});

it.each(["x-windows-874", "ibm874", "TIS-620-2533", "tis620", "iso-ir-166", "utf-8", "us-ascii", "cp874"])(
  "reads Thai octets said to be %s",
  async (charset) => {
    const { subject, bodies, problems } = await read(
      `Subject: ${thai("เรื่อง ทดสอบ")}\nContent-Type: text/plain; charset=${charset}\nContent-Transfer-Encoding: 8bit\n\n${thai("เรียน ผู้อำนวยการ")}\n`,
    );
    expect([subject, bodies[0]?.trim(), ...problems]).toEqual(["เรื่อง ทดสอบ", "เรียน ผู้อำนวยการ"]);
  },
);

it("reads parts whose boundary lines end in spaces, or whose last one is missing", async () => {
  for (const end of ["--b-- \t\n", ""]) {
    const { bodies, attachments } = await read(
      `Content-Type: multipart/mixed; boundary="b"\n\n--b  \nContent-Type: text/plain\n\nthe text\n--b \t\nContent-Type: application/pdf; name=a.pdf\n\n%PDF-1.4\n${end}`,
    );
    expect(bodies.map((body) => body.trim())).toEqual(["the text"]);
    expect(attachments).toMatchObject([{ name: "a.pdf", detectedType: "application/pdf", role: "main" }]);
  }
});

it("reads broken quoted-printable as far as it goes, and says that base64 with noise cannot be read", async () => {
  const broken = await read(
    "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nat =ZZ 100= %=\n more =E0=B8=81 =\n",
  );
  expect(broken.bodies[0]).toContain("ก");
  expect(broken.bodies[0]).toContain("=ZZ 100");
  const noisy = await named(
    "Content-Type: application/pdf; name=a.pdf\nContent-Transfer-Encoding: base64\n\nJVBE!Ri0\u00ffx*LjQ=",
  );
  expect(noisy.problems).toEqual(["undecodable-attachment"]);
  expect(noisy.attachments).toMatchObject([{ name: "a.pdf", sha256: null, marks: ["unreadable"] }]);
});
