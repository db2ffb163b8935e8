/** Run by file-key-provider.test.ts, several at once: wraps data keys, and writes them with what wraps them. */
import { openFileKeys } from "../file-key-provider.ts";

const [folder = "", count = "0", rotations = "0"] = process.argv.slice(2);
const provider = openFileKeys({ folder, usedBy: async () => null });
const place = { agencyId: "agency-a", level: "secret" } as const;
const made: { subject: string; key: string; wrapped: string }[] = [];
for (let number = 0; number < Number(count); number++) {
  const subject = `letter-${process.pid}-${number}`;
  const { key, wrapped } = await provider.newDataKey({ ...place, subject });
  made.push({ subject, key: key.toString("hex"), wrapped });
  if (number < Number(rotations)) await provider.rotate(place);
}
process.stdout.write(JSON.stringify(made));
