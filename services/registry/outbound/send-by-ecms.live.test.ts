import { test } from "vitest";
import { outboundScene } from "../testing/acts-scene.ts";

test("a partner that has a node gets the letter there, one that is asked for by mail at its mailbox; without a number of ours by mail alone", async (context) => {
  const { expect } = context;
  const { do: act, draft, upload, query } = await outboundScene(context);
  await query("update saraban.agency set organisation_id = '0199900000' where id = 'agency-a'");
  await query(
    `update saraban.partner set organisation_id = '0101200000', ecms = '{"url": "http://ecms.opdc.example.go.th/ecms-ws01/service2"}'
      where domain = 'opdc.example.go.th'`,
  );
  const files = await upload([{ name: "หนังสือ.pdf" }]);
  const send = async (channel?: "mail" | "ecms") => {
    const partner = { partner: "opdc.example.go.th", ...(channel === undefined ? {} : { channel }) };
    const letterId = await draft({ recipients: [partner], files });
    const details = { version: 1, send: true };
    const { result, reason } = await act("approve", { letterId, details, by: "person:somsri" });
    const rows = await query<{ channel: string; address: string }>(
      "select channel, address from saraban.outbound_recipient where letter_id = $1",
      [letterId],
    );
    return { result: reason || result, ...rows[0] };
  };
  expect(await send()).toEqual({ result: "done", channel: "ecms", address: "0101200000" });
  expect(await send("mail")).toEqual({
    result: "done",
    channel: "mail",
    address: "saraban@opdc.example.go.th",
  });
  await query("update saraban.agency set organisation_id = null where id = 'agency-a'");
  expect(await send()).toMatchObject({ result: "done", channel: "mail" });
  expect(await send("ecms")).toEqual({ result: "a-recipient-cannot-be-reached" });
  // A node that the agency uses is no reason to leave a partner's mailbox, and reaches who has none.
  await query(
    `update saraban.agency set organisation_id = '0199900000', ecms = '{"node": {"url": "http://node.example.go.th/"}}' where id = 'agency-a'`,
  );
  await query("update saraban.partner set ecms = '{}' where domain = 'opdc.example.go.th'");
  expect(await send()).toMatchObject({ channel: "mail" });
  await query("update saraban.partner set mailbox = null where domain = 'opdc.example.go.th'");
  expect(await send()).toMatchObject({ channel: "ecms" });
});
