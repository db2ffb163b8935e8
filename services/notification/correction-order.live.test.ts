import { test } from "vitest";
import type { Evidence } from "../shared/letter/evidence/evidence.ts";
import type { SinkAnswer } from "../shared/testing/smtp-sink.ts";
import { openSenderScene } from "./testing/sender-scene.ts";

const kinds = (rows: readonly { kind: string; state: string }[]) =>
  rows.map(({ kind, state }) => `${kind} ${state}`);

test("a correction does not overtake the receipt that it replaces; when that cannot be delivered it goes alone", async (context) => {
  const { expect } = context;
  let reply: SinkAnswer | undefined = { kind: "refuse", code: 450, text: "4.2.1 come again" };
  const { registered, send, event, notices, got, wait } = await openSenderScene(context, () => reply);
  const [id, other] = [await registered(), await registered()];
  for (const one of [id, other]) {
    await send(one);
    await event(one, "corrected", { changes: { letterDate: { old: "2020-04-09", new: "2020-04-10" } } });
  }
  reply = undefined;
  await send(id);
  expect(kinds(await notices(id))).toEqual(["acknowledgement due", "correction due"]);
  wait(60);
  await send(id);
  await send(id);
  expect(kinds(await notices(id))).toEqual(["acknowledgement delivered", "correction delivered"]);
  const types = (await got(id)).map(({ json }) => (json as Evidence).type);
  expect(types.slice(-2)).toEqual(["registered", "corrected"]);
  reply = { kind: "refuse", code: 550, text: "5.1.1 no such user" };
  await send(other);
  reply = undefined;
  await send(other);
  expect(kinds(await notices(other))).toEqual(["acknowledgement failed", "correction delivered"]);
});
