import { test } from "vitest";
import { notifierRequest } from "../../shared/ecms/write-soap.ts";
import { readingScene, scannerThatSays } from "../testing/reading-scene.ts";

const JSON_WAY = { door: "api", mediaType: "application/json", senderDomain: "opdc.example.go.th" } as const;
const SOAP_WAY = { door: "ecms", mediaType: "text/xml", senderDomain: "opdc.example.go.th" } as const;

function letter(more: object = {}): Buffer {
  const content = Buffer.from("ข้อความ".repeat(500)).toString("base64");
  const files = [{ name: "a.txt", mediaType: "text/plain", role: "main", content }];
  return Buffer.from(
    JSON.stringify({ number: "นร ๑๒๐๐/๕๕", date: "2020-04-09", subject: "ขอข้อมูล", files, ...more }),
  );
}

test("what a program hands in is read by its media type, and its client has shown who sent it", async (context) => {
  const { expect } = context;
  const { readProgram, query } = await readingScene(context);
  const { id, row } = await readProgram(letter(), JSON_WAY);
  expect(row).toMatchObject({
    verdict: "ready",
    kind: "letter",
    number: "นร 1200/55",
    subject: "ขอข้อมูล",
    standing: "proved",
    sender_address: "saraban@opdc.example.go.th",
    sender_check: { program: { door: "api", client: null } },
  });
  expect(await query("select job from saraban.outbox where subject_id = $1", [id])).toEqual([
    { job: "register-letter" },
  ]);
});

test("a notifier is evidence, and no letter; what cannot be read is an officer's; what is marked is refused", async (context) => {
  const { expect } = context;
  const { readProgram, query } = await readingScene(context);
  const notifier = {
    type: "ReceiveLetterNotifier",
    letterId: "ทก 0101/45",
    acceptId: null,
    correspondenceDate: "2022-07-21",
    subject: "ก",
  } as const;
  const request = notifierRequest({ messageId: "", to: "", dialect: "2.0" }, notifier);
  const told = await readProgram(Buffer.from(request), SOAP_WAY);
  expect(told.row).toMatchObject({ verdict: "ignored", kind: "notifier", report: { notifier } });
  expect(await query("select job from saraban.outbox where subject_id = $1 order by job", [told.id])).toEqual(
    [{ job: "record-report" }, { job: "register-letter" }],
  );
  for (const octets of [letter().subarray(0, 100), Buffer.alloc(0), Buffer.from("[".repeat(100_000))]) {
    const { row } = await readProgram(octets, JSON_WAY);
    expect(row).toMatchObject({ verdict: "triage", kind: "unreadable" });
  }
  const { row } = await readProgram(letter({ secrecy: "secret" }), JSON_WAY);
  expect(row).toMatchObject({ verdict: "refused", reason: "classified", subject: null, number: null });
});

test("a letter in whose name nobody is known waits for an officer; an infected one is not opened", async (context) => {
  const { expect } = context;
  const { readProgram, parts } = await readingScene(context);
  const { row } = await readProgram(letter(), { ...JSON_WAY, senderDomain: null });
  expect(row).toMatchObject({ verdict: "triage", reason: "unknown-sender", standing: "unproved" });
  parts.scanner = scannerThatSays({ state: "infected", signature: "Eicar" });
  const infected = await readProgram(letter({ enclosures: ["x"] }), JSON_WAY);
  expect(infected.row).toMatchObject({ verdict: "refused", reason: "infected", subject: null });
});
