import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { columnsWith, filesWith, wordsIn } from "../../shared/testing/find-words.ts";
import { errorCodeOf, openNode } from "./testing/node.ts";
import { keyed, letter, notifier, textOf } from "./testing/soap.ts";

const MARK = "กล้วยตาก4X";
const ID = "นร ๑๒๐๐/๖๑๙๘๗";
const WORDS = [MARK, "๖๑๙๘๗", "61987"];
const closed = (secretCode: string, more: object = {}) =>
  letter({
    id: ID,
    subject: `แผน ${MARK}`,
    secretCode,
    main: {
      mimeCode: "application/pdf",
      octets: Buffer.concat([Buffer.from(`%PDF ${MARK}`), Buffer.alloc(90_000, 1)]),
    },
    attachments: [{ mimeCode: "text/plain", octets: Buffer.from(`บัญชี ${MARK}`) }],
    ...more,
  });

test("each level by each client: taken in closed and answered with a process alone, or refused and nothing kept", async (context) => {
  const { post, kept, query } = await openNode(
    context,
    { level: "normal" },
    { level: "confidential" },
    { level: "secret" },
  );
  let count = 0;
  for (const [code, ...answers] of [
    ["001", null, null, null],
    ["002", "SRB304", null, null],
    ["003", "SRB304", "SRB304", null],
    ["004", "SRB305", "SRB305", "SRB305"],
    ["005", "SRB304", null, null],
    ["009", "SRB207", "SRB207", "SRB207"],
  ] as const)
    for (const [as, wanted] of answers.entries()) {
      // Ordinary and closed letters have one identity on the wire between them.
      const body = closed(code, { id: `นร 1200/${code}${as}` });
      const before = await kept();
      const answer = await post(body, as);
      expect([code, as, answer.status, errorCodeOf(answer)]).toEqual([code, as, 200, wanted]);
      if (wanted !== null) expect(await kept()).toEqual(before);
      if (wanted !== null || code === "001") continue;
      count++;
      expect(answer.xml).toMatch(
        /<CorrespondenceLetterOutboundResponse><ProcessID>[0-9a-f-]{36}<\/ProcessID><ProcessTime>[^<]+<\/ProcessTime><\/CorrespondenceLetterOutboundResponse>/,
      );
      expect(wordsIn(Buffer.from(answer.xml), [MARK])).toEqual([]);
    }
  const rows = await query(
    "select closed_level, media_type from saraban.intake where closed_level is not null order by arrival_seq",
  );
  expect(rows).toHaveLength(count);
  expect(await query("select 1 from saraban.ecms_document")).toHaveLength(3);
  expect(await query("select 1 from saraban.closed_document")).toHaveLength(count);
});

test("nothing of it lies anywhere; its identity is used up until its sender gives it up, by whatever spelling of its number", async (context) => {
  const { post, kept, query, dataDir } = await openNode(context, { level: "secret" }, { level: "secret" });
  const first = await post(closed("003"));
  const processId = textOf(first.xml, "ProcessID");
  const before = await kept();
  const repeated = [closed("003"), closed("002"), closed("001"), closed("003", { id: "นร 1200/61987" })];
  for (const body of repeated) expect(errorCodeOf(await post(body))).toBe("SRB303");
  // Another program of the same office has not sent it, and cannot give it up; what it sends itself is the same letter all the same.
  expect(errorCodeOf(await post(closed("003"), 1))).toBe("SRB303");
  const deletion = keyed("CorrespondenceDeleteGovernmentDocumentRequest", {
    id: "นร 1200/61987",
    sender: "01012",
  });
  expect(errorCodeOf(await post(deletion, 1))).toBe("SRB402");
  expect(await kept()).toEqual(before);
  for (const _ of [1, 2]) expect(textOf((await post(deletion)).xml, "ProcessID")).toBe(processId);
  expect(errorCodeOf(await post(closed("003", { attachments: [] })))).toBeNull();
  const both = await Promise.all([1, 2, 3].map(() => post(closed("003", { id: "นร 1200/9" }))));
  expect(both.map(errorCodeOf).filter((code) => code !== null)).toEqual(["SRB303", "SRB303"]);
  expect(await columnsWith(query, WORDS)).toEqual([]);
  expect(await filesWith(dataDir, WORDS)).toEqual([]);
});

test("what its words mark as graver is refused, text files among them; a notifier about a classified letter is not kept", async (context) => {
  const { post, kept, dataDir, query } = await openNode(context, { level: "secret" });
  const text = (words: string) => ({ main: { mimeCode: "text/plain", octets: Buffer.from(words) } });
  for (const [code, more] of [
    ["002", { subject: "แผน (ลับมาก)" }],
    ["001", { subject: "ลับ ที่ นร 1/1 แผน" }],
    ["003", text("หน้าหนึ่ง\n ลับที่สุด \n")],
    ["001", text("ลับ\nเรียน ท่าน")],
  ] as const)
    expect(errorCodeOf(await post(closed(code, more)))).toBe("SRB307");
  expect(await kept()).toEqual({ arrivals: 0, files: 0 });
  const processId = textOf((await post(closed("003"))).xml, "ProcessID") ?? "";
  const before = await kept();
  for (const LetterID of [ID, "นร 1200/61987", processId]) {
    const dispute = {
      LetterID,
      AcceptID: "1/2569",
      CorrespondenceDate: "2020-04-20",
      Subject: `แผน ${MARK}`,
    };
    expect(errorCodeOf(await post(notifier("InvalidAcceptIDNotifier", dispute)))).toBe("SRB304");
  }
  expect(await kept()).toEqual(before);
  const other = { LetterID: "นร 1200/1", AcceptID: "1/2569", CorrespondenceDate: "2020-04-20", Subject: "x" };
  expect(errorCodeOf(await post(notifier("InvalidAcceptIDNotifier", other)))).toBeNull();
  expect(await columnsWith(query, WORDS)).toEqual([]);
  expect(await filesWith(dataDir, WORDS)).toEqual([]);
});

test("an ordinary letter of an appointed client is stored as it came, with its echo; one in the making leaves nothing readable", async (context) => {
  const { post, query, dataDir } = await openNode(context, { level: "secret" });
  const octets = randomBytes(150_000);
  const body = closed("001", { main: { mimeCode: "application/pdf", octets } });
  const { xml } = await post(body);
  expect(xml).toContain(MARK);
  expect(xml).toContain(octets.toString("base64"));
  const [row] = await query<{ sha256: string; size: string; closed_level: null }>(
    "select sha256, size_bytes as size, closed_level from saraban.intake",
  );
  expect(row).toMatchObject({ size: Buffer.byteLength(body), closed_level: null });
  const incoming = () => readdir(join(dataDir, "letters/incoming"));
  expect(await incoming()).toEqual([]);
  // A large request that stops in its middle: what lies on the disk by then is sealed.
  const large = closed("003", {
    id: "นร 1200/2",
    main: { mimeCode: "application/pdf", octets: Buffer.from(`${MARK} `.repeat(40_000)) },
  });
  let begin: () => void = () => {};
  const stuck = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const stream = new ReadableStream({
    async start(controller) {
      controller.enqueue(Buffer.from(large.slice(0, 1_200_000)));
      await stuck;
      controller.error(new Error("gone"));
    },
  });
  const answer = post(stream).catch(() => null);
  await expect.poll(async () => (await incoming()).length).toBe(1);
  expect(await filesWith(join(dataDir, "letters/incoming"), WORDS)).toEqual([]);
  begin();
  await answer;
  await expect.poll(incoming).toEqual([]);
});
