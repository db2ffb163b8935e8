import { test } from "vitest";
import { receiptPdf } from "../shared/letter/evidence/receipt-pdf.ts";
import { newId } from "../shared/runtime/ids.ts";
import { openDesk } from "./testing/desk.ts";
import { receiptOffice } from "./testing/receipts.ts";

test("a clerk sees an arrival's receipts, gets the files that the sender got, and how the notices went", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  const { ask, query, url, token } = desk;
  const office = await receiptOffice(desk);
  const first = await office.issue();
  const { intakeId } = first.evidence.message;
  const second = await office.issue({
    type: "corrected",
    message: first.evidence.message,
    replaces: first.evidence.evidenceId,
  });
  const notice = newId();
  await query(
    `insert into saraban.notice (id, agency_id, intake_id, kind, recipient, message_id, facts, made_at, clock, state, receipt_id, settled_at)
       values ($1, 'agency-a', $2, 'acknowledgement', 'saraban@opdc.example.go.th', '<n1@agency-a.example.go.th>', '{}', now(), '{}',
               'delivered', $3, now())`,
    [notice, intakeId, first.evidence.evidenceId],
  );
  for (const [result, reply] of [
    ["transient", "451 4.3.0 try again"],
    ["accepted", "250 2.0.0 queued"],
  ])
    await query(
      `insert into saraban.delivery_attempt (agency_id, notice_id, channel, started_at, ended_at, result, reply)
         values ('agency-a', $1, 'smarthost', now(), now(), $2, $3)`,
      [notice, result, reply],
    );

  const { body } = await ask(`/receipts/${first.evidence.evidenceId}`);
  expect(body).toMatchObject({
    id: first.evidence.evidenceId,
    agencyId: "agency-a",
    intakeId,
    type: "registered",
    code: first.evidence.code,
    replaces: null,
    replacedBy: second.evidence.evidenceId,
    evidence: first.evidence,
    jws: first.jws,
    key: { retiredAt: null, revokedAt: null },
    files: { pdf: `/api/v1/receipts/${first.evidence.evidenceId}.pdf` },
  });
  const file = (name: string) =>
    fetch(`${url}${body.files[name]}`, { headers: { authorization: `Bearer ${token}` } });
  const jws = await file("jws");
  expect(jws.headers.get("content-type")).toBe("application/jose");
  expect(await jws.text()).toBe(first.jws);
  const pdf = await file("pdf");
  expect(pdf.headers.get("content-type")).toBe("application/pdf");
  expect(pdf.headers.get("content-disposition")).toBe(
    `attachment; filename="receipt-${first.evidence.evidenceId}.pdf"`,
  );
  expect(Buffer.from(await pdf.arrayBuffer())).toEqual(await receiptPdf(first.evidence, first.jws));

  expect((await ask(`/arrivals/${intakeId}/receipts`)).body).toMatchObject({
    intakeId,
    receipts: [
      { id: first.evidence.evidenceId, type: "registered", replacedBy: second.evidence.evidenceId },
      {
        id: second.evidence.evidenceId,
        type: "corrected",
        replaces: first.evidence.evidenceId,
        replacedBy: null,
      },
    ],
    notices: [
      {
        id: notice,
        kind: "acknowledgement",
        state: "delivered",
        receiptId: first.evidence.evidenceId,
        attempts: [
          { channel: "smarthost", result: "transient", reply: "451 4.3.0 try again" },
          { channel: "smarthost", result: "accepted", reply: "250 2.0.0 queued" },
        ],
      },
    ],
  });
});

test("of another agency's receipts, of a classified letter's, and of none, a clerk hears the same", async (context) => {
  const { expect } = context;
  const desk = await openDesk(context);
  const office = await receiptOffice(desk);
  const theirs = await office.issue({}, "agency-b");
  const [hidden] = await desk.fillTray([
    {
      outcome: "refused",
      reason: "classified",
      verdict: "refused",
      secrecy: "secret",
      number: null,
      letterDate: null,
    },
  ]);
  const classified = await office.issue({
    type: "refused",
    message: { ...theirs.evidence.message, intakeId: hidden as string },
  });
  const own = await office.issue();
  const paths = [theirs, classified].flatMap(({ evidence: { evidenceId, message } }) => [
    `/receipts/${evidenceId}`,
    `/receipts/${evidenceId}.jws`,
    `/receipts/${evidenceId}.pdf`,
    `/arrivals/${message.intakeId}/receipts`,
  ]);
  for (const path of [
    ...paths,
    `/receipts/${newId()}`,
    `/arrivals/${newId()}/receipts`,
    "/receipts/x.pdf",
    `/receipts/${own.evidence.evidenceId}.exe`,
  ])
    expect(await desk.ask(path), path).toMatchObject({ status: 404, body: { code: "not-found" } });
  expect((await desk.ask(`/receipts/${own.evidence.evidenceId}`)).status).toBe(200);
  expect((await fetch(`${desk.url}/api/v1/receipts/${own.evidence.evidenceId}`)).status).toBe(401);
});
