import { test } from "vitest";
import { newSigningKey, publicHalf, signEvidence } from "../../shared/letter/evidence/sign-evidence.ts";
import { newId } from "../../shared/runtime/ids.ts";
import { EVIDENCE_EXAMPLES } from "../../shared/testing/evidence-examples.ts";
import { recordReport } from "../record-report.ts";
import { letterScene, OPDC } from "./testing/letter-scene.ts";

test("a receipt waits while its office's keys cannot be fetched, and is proved when they come; not for ever", async (context) => {
  const { expect } = context;
  const scene = await letterScene(context);
  const key = await newSigningKey();
  let answers: boolean | null = false;
  Object.assign(scene.parts, { partnerKeys: { refresh: async () => answers } });
  const { recipients } = await scene.letter({ recipients: [OPDC] });
  const recipientId = recipients[0] as string;
  await scene.send(recipientId);
  const [mail] = scene.sink.received;
  const example = EVIDENCE_EXAMPLES.registered;
  const messageId = mail?.headers.get("message-id") ?? "";
  const stated = (signedBy: typeof key) => {
    const agency = { ...example.agency, mailbox: OPDC.address };
    const message = { ...example.message, messageId };
    return signEvidence({ ...example, evidenceId: newId(), agency, message }, signedBy);
  };
  const evidence = await stated(key);
  const path = mail?.mailFrom ?? "";
  const again = (subjectId: string) =>
    recordReport(scene.parts, { outboxId: 1, agencyId: "agency-a", subjectId, workKey: subjectId });
  const first = await scene.answer(path, { evidence });
  expect(await scene.jobs("record-report")).toEqual([{ subject_id: first }]);
  expect((await scene.events(recipientId)).at(-1)?.what).toBe("accepted");

  // They come, and not the new one yet: a cache on the way holds those of some minutes ago.
  answers = true;
  await again(first);
  expect(await scene.jobs("record-report")).toEqual([{ subject_id: first }]);
  await scene.query("insert into saraban.partner_key (domain, kid, jwk, source) values ($1, $2, $3, 'url')", [
    OPDC.domain,
    key.kid,
    JSON.stringify(publicHalf(key.privateKey)),
  ]);
  await again(first);
  expect(await scene.jobs("record-report")).toEqual([]);
  expect((await scene.events(recipientId)).at(-1)).toMatchObject({ what: "registered", proof: "signature" });

  const invented = await scene.answer(path, { evidence: await stated(await newSigningKey()) });
  expect(await scene.jobs("record-report")).toEqual([{ subject_id: invented }]);
  scene.wait(11 * 60);
  await again(invented);
  expect(await scene.jobs("record-report")).toEqual([]);
  expect((await scene.events(recipientId)).at(-1)).toMatchObject({ what: "registered", proof: "claim" });

  // A partner who never answers: what it is said to have said stands as a claim in the end.
  answers = false;
  const forged = await stated(await newSigningKey());
  const second = await scene.answer(path, { evidence: forged });
  expect(await scene.jobs("record-report")).toEqual([{ subject_id: second }]);
  scene.wait(25 * 60 * 60);
  await again(second);
  expect(await scene.jobs("record-report")).toEqual([]);
  expect((await scene.events(recipientId)).at(-1)).toMatchObject({ what: "registered", proof: "claim" });
});
