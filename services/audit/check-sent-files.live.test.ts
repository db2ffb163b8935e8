import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "vitest";
import { openStore } from "../shared/runtime/store.ts";
import { testPlants } from "./testing/plants.ts";
import { faultsOf, registerScene } from "./testing/register-scene.ts";

testPlants("sent-files", [
  {
    fault: "file-lost",
    at: ({ own }) => own.sent,
    sql: ({ own }) => `delete from outbound_file where file_id = '${own.pages}'`,
  },
  {
    fault: "upload-missing",
    at: ({ own }) => own.sent,
    sql: ({ own }) => `delete from uploaded_file where id = '${own.enclosure}'`,
  },
  {
    fault: "upload-missing",
    how: "another agency's",
    at: ({ own }) => own.sent,
    sql: ({ own }) => `update uploaded_file set agency_id = 'agency-b' where id = '${own.pages}'`,
  },
]);

test("a file that was sent is hashed, in its row or in the folder of uploads; what was only uploaded is nobody's copy", async (context) => {
  const { expect } = context;
  const { plant, verify, uploadsDir, own } = await registerScene(context);
  const uploads = await openStore({ dir: uploadsDir, inlineLimitBytes: 0 });
  const { sha256 } = await uploads.spool(Readable.from([Buffer.from(own.pages)]), { limitBytes: 100 });
  await plant(`update uploaded_file set content = null where id = '${own.pages}';
    insert into uploaded_file (id, agency_id, name, media_type, sha256, size_bytes, uploaded_by, uploaded_at)
      values (gen_random_uuid(), 'agency-a', 'a', 'text/plain', repeat('e', 64), 4, 'person:somchai', now())`);
  const [check] = (await verify()).checks.filter(({ code }) => code === "sent-files");
  expect(check).toMatchObject({ ok: true, looked: 2, figures: { inDatabase: 1, inFiles: 1, hashed: 2 } });
  const faults = async (parts?: Parameters<typeof verify>[0]) => faultsOf((await verify(parts)).checks);

  await plant(
    `update uploaded_file set content = overlay(content placing '!' from 1) where id = '${own.enclosure}'`,
  );
  const inRow = `sent-files octets-damaged ${own.enclosure}`;
  expect(await faults()).toEqual([inRow]);
  const path = join(uploadsDir, "sha256", sha256.slice(0, 2), sha256.slice(2, 4), sha256);
  await chmod(path, 0o600);
  await writeFile(path, own.pages.slice(1));
  expect((await faults()).toSorted()).toEqual([inRow, `sent-files octets-damaged ${own.pages}`].toSorted());
  await rm(path);
  expect(await faults()).toContain(`sent-files file-missing ${own.pages}`);
  // Who leaves the octets unread sees none of this; another agency's auditor neither.
  expect(await faults({ skipFiles: true })).toEqual([]);
  const acting = { actor: "person:auditor", agencies: ["agency-b"] } as const;
  expect(await faults({ acting, isWhole: false })).toEqual([]);
});
