import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { parseMime } from "./parse-mime.ts";
import { openContentKeeper } from "./part-content.ts";
import { readReport, reportOf } from "./read-report.ts";

const LIMITS = { maxDepth: 10, maxParts: 50, maxHeaderBytes: 65_536, maxTextBytes: 200_000 };

async function report(text: string) {
  const octets = Buffer.from(text.replaceAll("\n", "\r\n"));
  const keeper = openContentKeeper();
  try {
    return readReport(await parseMime(Readable.from([octets]), LIMITS, keeper));
  } finally {
    await keeper.dispose();
  }
}

function dsn(status: string, rest = "", type = "message/delivery-status"): string {
  return `Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

ส่งไม่สำเร็จ
--b
Content-Type: ${type}

${status}
${rest}--b--
`;
}

describe("delivery status (RFC 3464)", () => {
  it("says what became of each recipient, and the worst of it", async () => {
    const found = await report(
      dsn(
        `Reporting-MTA: dns; mx.opdc.example.go.th
Original-Envelope-Id: 0198c0de-0000-7000-8000-000000000001

Original-Recipient: rfc822;saraban@opdc.example.go.th
Final-Recipient: rfc822;One@opdc.example.go.th
Action: delivered
Status: 2.0.0

Original-Recipient: rfc822;saraban@opdc.example.go.th
Final-Recipient: rfc822; two@opdc.example.go.th
Action: FAILED (mailbox)
Status: 5.2.2 (full)
Diagnostic-Code: smtp; 552 5.2.2 กล่องเต็ม
 see the manual

Final-Recipient: rfc822; three@opdc.example.go.th
Action: Failed
Status: 5.1.1`,
        `--b
Content-Type: message/rfc822

Message-ID: <ack.1@agency-a.example.go.th>
Subject: x

x
`,
      ),
    );
    expect(found).toMatchObject({
      relatesTo: "<ack.1@agency-a.example.go.th>",
      envelopeId: "0198c0de-0000-7000-8000-000000000001",
      action: "failed",
      status: "5.1.1",
      recipient: "three@opdc.example.go.th",
    });
    expect(found?.recipients).toMatchObject([
      { original: "saraban@opdc.example.go.th", final: "one@opdc.example.go.th", action: "delivered" },
      { final: "two@opdc.example.go.th", status: "5.2.2", diagnostic: "552 5.2.2 กล่องเต็ม see the manual" },
      { original: null, final: "three@opdc.example.go.th", action: "failed", diagnostic: null },
    ]);
  });

  it("reads reports in UTF-8 and their escaped addresses (RFC 6533), and all fields in one group", async () => {
    const rest = `--b
Content-Type: message/global-headers

Subject: ทดสอบ
Message-ID: <ack.2@agency-a.example.go.th>
`;
    const status = `Final-Recipient: utf-8; สารบรรณ@ตัวอย่าง.example.go.th\nAction: failed\nStatus: 5.6.7`;
    expect(await report(dsn(status, rest, "message/global-delivery-status"))).toMatchObject({
      recipient: "สารบรรณ@ตัวอย่าง.example.go.th",
      relatesTo: "<ack.2@agency-a.example.go.th>",
      action: "failed",
    });
    const escaped = "Final-Recipient: utf-8; \\x{0E01}\\x{0E02}@x.example.go.th\nAction: delayed";
    expect(await report(dsn(escaped))).toMatchObject({ recipient: "กข@x.example.go.th", action: "delayed" });
  });

  it("takes from bounces in no standard form what they name, and no verdict", async () => {
    const qmail = `From: x@mx.example.go.th
X-Failed-Recipients: saraban@opdc.example.go.th

Hi. This is the qmail-send program at mx.example.go.th.

--- Below this line is a copy of the message.

Message-ID: <ack.3@agency-a.example.go.th>
`;
    expect(await report(qmail)).toMatchObject({
      relatesTo: "<ack.3@agency-a.example.go.th>",
      recipient: "saraban@opdc.example.go.th",
      action: null,
      recipients: [],
    });
    expect(await report("Subject: nothing\n\nnothing\n")).toBeNull();
  });
});

it("reads each disposition (RFC 8098)", async () => {
  for (const type of ["message/disposition-notification", "message/global-disposition-notification"]) {
    for (const disposition of ["displayed", "deleted", "dispatched", "processed", "denied", "failed"]) {
      const mdn = `Content-Type: multipart/report; report-type=disposition-notification; boundary=b

--b
Content-Type: ${type}

Reporting-UA: saraban; test
Final-Recipient: rfc822;a@x.example.go.th
Original-Message-ID: <ack.4@agency-a.example.go.th>
Disposition: manual-action/MDN-sent-manually; ${disposition}/error
--b--
`;
      expect(await report(mdn)).toMatchObject({
        relatesTo: "<ack.4@agency-a.example.go.th>",
        action: disposition,
        recipient: "a@x.example.go.th",
        recipients: [],
      });
    }
  }
});

it("reads the words of qmail, Exim and others where nothing else tells, and no word of the letter returned", async () => {
  const keeper = openContentKeeper();
  const read = async (headers: string, body: string) =>
    reportOf(
      "bounce",
      await parseMime(Readable.from([Buffer.from(`${headers}\r\n\r\nx\r\n`)]), LIMITS, keeper),
      "x",
      body,
    );
  const qmail = "This is a permanent error; I've given up.\n\n<b@dlt.example.go.th>:\nno mailbox (#5.1.1)\n";
  expect(
    await read(
      "Subject: x",
      `${qmail}\n--- Below this line is a copy of the message.\n<c@d.example.go.th>:\n`,
    ),
  ).toMatchObject({ recipient: "b@dlt.example.go.th", status: "5.1.1", action: "failed", recipients: [] });
  expect(await read("X-Failed-Recipients: b@dlt.example.go.th", "x")).toMatchObject({
    action: "failed",
    status: null,
  });
  expect(
    await read("Subject: x", "Your message wasn't delivered to b@dlt.example.go.th because"),
  ).toMatchObject({
    recipient: "b@dlt.example.go.th",
    action: "failed",
  });
  expect(await read("Subject: x", "451 4.4.1 no answer; will keep trying")).toMatchObject({
    action: "delayed",
  });
  expect(await read("Subject: x", "--- original message\n<c@d.example.go.th>:\n550 5.1.1 x")).toBeNull();
  await keeper.dispose();
});

it("takes our letter's number and the one it was given there from another office's acknowledgement", async () => {
  const keeper = openContentKeeper();
  const octets = Buffer.from("In-Reply-To: <out-1@agency-a.example.go.th>\r\n\r\nx\r\n");
  const message = await parseMime(Readable.from([octets]), LIMITS, keeper);
  const subject = "แจ้งเลขรับหนังสือ ที่ ทก ๐๑๐๑/๔๕";
  for (const [body, receiveNumber] of [
    ["ได้รับหนังสือ ที่ ทก 0101/45 แล้ว\nเลขทะเบียนรับ 5521 เวลา 09.01 น.", "5521"],
    ["เลขทะเบียนรับ       : ๑๒/๒๕๖๙", "12"],
    ["Your letter has been registered.\nReceive no.: 909", "909"],
    ["ได้รับแล้ว", null],
  ] as const) {
    expect(reportOf("acknowledgement", message, subject, body)).toMatchObject({
      relatesTo: "<out-1@agency-a.example.go.th>",
      letter: "ทก 0101/45",
      receiveNumber,
    });
  }
  expect(reportOf("auto-reply", message, subject, "x")).toMatchObject({
    relatesTo: "<out-1@agency-a.example.go.th>",
    letter: null,
  });
  expect(reportOf("letter", message, subject, "x")).toBeNull();
  await keeper.dispose();
});

it("is bounded and quick, whatever a report holds", async () => {
  const many = Array.from(
    { length: 3_000 },
    (_, i) => `Final-Recipient: rfc822; r${i}@x.go.th\nAction: failed`,
  );
  expect((await report(dsn(many.join("\n\n"))))?.recipients).toHaveLength(20);
  const long = (piece: string) => piece.repeat(60_000 / piece.length);
  for (const piece of [" \n", "\n ", "\\x{", "a@", ":", "Action:", "\t\n\t"]) {
    const started = cpuTimeMs();
    await report(dsn(`Final-Recipient: ${long(piece)}\n\nDiagnostic-Code: ${long(piece)}`));
    expect(cpuTimeMs() - started, JSON.stringify(piece)).toBeLessThan(1_000);
  }
  const pieces = fc.constantFrom(
    ..."Final-Recipient:|Action: failed|Status: 5.1.1|rfc822;|a@b|<a@b>|\n|\n\n| |\0|\\x{d800}|\\x{10ffff}|ก|Diagnostic-Code: smtp;".split(
      "|",
    ),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 30 }), async (chosen) => {
      const text = JSON.stringify(await report(dsn(chosen.join(""))));
      expect(text).not.toContain("\\u0000");
      expect(text.isWellFormed()).toBe(true);
    }),
    { numRuns: 150, seed: 9 },
  );
});
