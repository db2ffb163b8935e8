import { test } from "vitest";
import { newId } from "../../shared/runtime/ids.ts";
import { writeBookLines, writeEvent } from "../../shared/testing/book-lines.ts";
import { openDesk } from "../testing/desk.ts";
import { receiptOffice } from "../testing/receipts.ts";
import { writeSentLetter } from "../testing/sent-letters.ts";
import type { Scope } from "./client.ts";

const INBOUND = "/lines/agency-a.inbound.ordinary/2026/1";
const OUTBOUND = "/lines/agency-a.outbound.ordinary/2026/1";
const at = (minute: number): Date => new Date(Date.UTC(2026, 4, 1, 2, minute));
const ALL: readonly Scope[] = [
  "submit",
  "read-inbound",
  "read-outbound",
  "send-outbound",
  "receipts",
  "directory",
];

test("a door is open to programs with one of its scopes, and closed to all others; those of clerks to all", async (context) => {
  const { expect } = context;
  const { addClient, ask } = await openDesk(context);
  const own = (...scopes: Scope[]) => addClient({ senderDomain: "agency-a.example.go.th", scopes });
  const letter = newId();
  const doors: [string, readonly Scope[]][] = [
    ["/tray?agency=agency-a", []],
    [`/tray/${letter}`, []],
    ["/quarantine?agency=agency-a", []],
    ["/mailbox-checks?agency=agency-a", []],
    [`/prints/${letter}`, []],
    ["/lines?book=inbound.ordinary", ["read-inbound"]],
    ["/lines?book=outbound.ordinary", ["read-outbound"]],
    ["/outbound?agency=agency-a", ["read-outbound"]],
    ["/outbound/unanswered?agency=agency-a", ["read-outbound"]],
    [`/outbound/${letter}`, ["read-outbound"]],
    [`/receipts/${letter}`, ["receipts"]],
    [`/arrivals/${letter}/receipts`, ["receipts"]],
    [`/acts/${letter}`, ["send-outbound"]],
  ];
  for (const scope of ALL) {
    const { token } = await own(scope);
    for (const [path, scopes] of doors) {
      const { status, body } = await ask(path, { token });
      // 400: of two books it may read one, and asks for the other. 404: it is let in, and there is no such thing.
      const isOpen = status === 200 || (status === 404 && body.code === "not-found");
      expect({ scope, path, isOpen }).toEqual({ scope, path, isOpen: scopes.includes(scope) });
      if (scopes.length === 0) expect(body.code).toBe("people-only");
    }
  }
  const everything = await own(...ALL);
  const posted = await ask("/prints", { method: "POST", token: everything.token });
  expect(posted).toMatchObject({ status: 403, body: { code: "people-only" } });
});

test("another office's program never reads the agency's books, whatever its row says", async (context) => {
  const { expect } = context;
  const { addClient, ask, query } = await openDesk(context);
  await writeBookLines(query, [{ registeredAt: at(0), subject: "ลับเฉพาะหน่วยงาน" }]);
  for (const senderDomain of ["opdc.example.go.th", null]) {
    const { token } = await addClient({ senderDomain, scopes: ALL });
    for (const path of ["/lines", INBOUND, "/outbound?agency=agency-a", `/acts/${newId()}`])
      expect(await ask(path, { token }), path).toMatchObject({ status: 403, body: { code: "scope-needed" } });
  }
  // Nor one of another agency served here.
  const other = await addClient({
    agencyId: "agency-b",
    senderDomain: "agency-b.example.go.th",
    scopes: ALL,
  });
  expect((await ask(INBOUND, { token: other.token })).status).toBe(404);
  expect((await ask("/lines", { token: other.token })).body.lines).toEqual([]);
});

test("one who reads one of the books sees nothing of the other, not in a search and not in a thread", async (context) => {
  const { expect } = context;
  const { addClient, ask, query } = await openDesk(context);
  await writeBookLines(query, [
    { registeredAt: at(0), letterNumber: "นร 1200/1", subject: "หนังสือรับ" },
    {
      book: "outbound.ordinary",
      registeredAt: at(1),
      letterNumber: "ทก 0101/1",
      subject: "หนังสือส่ง",
    },
  ]);
  const refers = { referenceNumbers: { old: [], new: ["นร 1200/1"] } };
  await writeEvent(query, "agency-a.outbound.ordinary", 2026, 1, "corrected", refers);
  const reader = (...scopes: Scope[]) => addClient({ senderDomain: "agency-a.example.go.th", scopes });
  const [inbound, outbound, both] = [
    await reader("read-inbound"),
    await reader("read-outbound"),
    await reader("read-inbound", "read-outbound"),
  ];
  const subjects = async (query_: string, { token }: { token: string }) => {
    const { status, body } = await ask(`/lines${query_}`, { token });
    return status === 200 ? body.lines.map(({ subject }: { subject: string }) => subject) : status;
  };
  expect(await subjects("", inbound)).toEqual(["หนังสือรับ"]);
  expect(await subjects("?book=outbound.ordinary", inbound)).toBe(400);
  expect(await subjects("", outbound)).toBe(400); // two books: it has to say which
  expect(await subjects("?book=outbound.ordinary", outbound)).toEqual(["หนังสือส่ง"]);
  expect(await subjects("?book=inbound.ordinary", outbound)).toBe(400);
  expect(await subjects("?book=outbound.ordinary&book=inbound.ordinary", outbound)).toBe(400);
  expect(await subjects("", both)).toHaveLength(2);
  const thread = async (path: string, { token }: { token: string }) => {
    const { status, body } = await ask(path, { token });
    return status === 200 ? [...body.thread.refersTo, ...body.thread.referredToBy].length : status;
  };
  expect(await thread(INBOUND, both)).toBe(1);
  expect(await thread(INBOUND, inbound)).toBe(0);
  expect(await thread(OUTBOUND, inbound)).toBe(404);
  expect(await thread(OUTBOUND, outbound)).toBe(0);
});

test("receipts: of what a program handed in itself, or all of them for one that reads the inbound book", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  const { addClient, ask, query } = desk;
  const office = await receiptOffice(desk);
  const [mine, others] = [await office.issue(), await office.issue()];
  const sender = await addClient({ scopes: ["submit", "receipts"] });
  const reader = await addClient({
    senderDomain: "agency-a.example.go.th",
    scopes: ["read-inbound", "receipts"],
  });
  await query(`alter table saraban.intake disable trigger user`);
  await query(
    `update saraban.intake set door = 'api', media_type = 'application/json', client_id = $2, sender_domain = 'opdc.example.go.th'
      where id = $1`,
    [mine.evidence.message.intakeId, sender.id],
  );
  const seen = async ({ token }: { token: string }) => {
    const paths = [mine, others].flatMap(({ evidence }) => [
      `/receipts/${evidence.evidenceId}`,
      `/arrivals/${evidence.message.intakeId}/receipts`,
    ]);
    return Promise.all(paths.map(async (path) => (await ask(path, { token })).status));
  };
  expect(await seen(sender)).toEqual([200, 200, 404, 404]);
  expect(await seen(reader)).toEqual([200, 200, 200, 200]);
});

test("a program that sends: acts on the agency's own letters under its name, and sees of acts its own", async (context) => {
  const { expect } = context;
  const { addClient, ask, post, query, url } = await openDesk(context);
  const { id, token } = await addClient({
    senderDomain: "agency-a.example.go.th",
    scopes: ["send-outbound"],
  });
  const file = await fetch(`${url}/api/v1/outbound/files?agency=agency-a&name=letter.pdf`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/pdf" },
    body: "%PDF-1.7",
  });
  expect(file.status).toBe(201);
  const { id: fileId } = (await file.json()) as { id: string };
  const letterId = newId();
  const draft = {
    id: newId(),
    agencyId: "agency-a",
    act: "draft",
    letterId,
    details: {
      letter: {
        series: "ordinary",
        subject: "เรื่องทดสอบ",
        recipients: [{ partner: "opdc.example.go.th" }],
        files: [fileId],
      },
    },
  };
  expect(await post(draft, { token })).toMatchObject({ status: 202, body: { madeBy: `client:${id}` } });
  expect((await ask(`/acts/${draft.id}`, { token })).status).toBe(200);
  const rows = await query("select made_by, made_by_name from saraban.act");
  expect(rows).toEqual([{ made_by: `client:${id}`, made_by_name: "ระบบทดสอบ" }]);
  // A clerk's act, and acts that are a person's.
  const reserve = {
    id: newId(),
    agencyId: "agency-a",
    act: "reserve",
    book: "outbound.ordinary",
    reason: "จอง",
  };
  expect((await post(reserve)).status).toBe(202);
  expect((await ask(`/acts/${reserve.id}`, { token })).status).toBe(404);
  expect(await post({ ...reserve, id: newId() }, { token })).toMatchObject({
    status: 403,
    body: { code: "people-only" },
  });
  const sent = await writeSentLetter(query, 1, ["one.example.go.th"]);
  const reader = await addClient({ senderDomain: "agency-a.example.go.th", scopes: ["read-outbound"] });
  expect((await ask(`/outbound/${sent.letterId}`, { token: reader.token })).status).toBe(200);
});
