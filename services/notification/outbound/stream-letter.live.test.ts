import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Transform } from "node:stream";
import { SMTPServer } from "smtp-server";
import { test } from "vitest";
import { sendLetter } from "./send-letter.ts";
import { letterScene } from "./testing/letter-scene.ts";

const MB = 1024 * 1024;
const FILE_BYTES = 30 * MB;
/** What may lie between the file and the other server's hands: buffers of streams, and of both ends of the line. */
const MOST_UNDER_WAY_BYTES = 15 * MB;

function counting(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length);
      done(null, chunk);
    },
  });
}

test("a file of 30 MB is read no faster than the other server takes it", {
  timeout: 60_000,
}, async (context) => {
  const { expect } = context;
  const folder = mkdtempSync(join(tmpdir(), "saraban-large-"));
  const taken = join(folder, "taken.eml");
  let readBytes = 0;
  let takenBytes = 0;
  let mostUnderWay = 0;
  const server = new SMTPServer({
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    logger: false,
    onData(stream, _session, done) {
      const arrivals = counting((bytes) => {
        // The file in base64, with a line end behind each 57 octets.
        mostUnderWay = Math.max(mostUnderWay, readBytes - takenBytes * (57 / 78));
        takenBytes += bytes;
      });
      stream
        .pipe(arrivals)
        .pipe(createWriteStream(taken))
        .on("finish", () => done());
    },
  });
  server.listen(0, "127.0.0.1");
  await once(server.server, "listening");
  context.onTestFinished(async () => {
    await new Promise<void>((resolve) => server.close(() => resolve()));
    rmSync(folder, { recursive: true });
  });
  const { port } = server.server.address() as AddressInfo;
  const scene = await letterScene(context, undefined, `smtp://127.0.0.1:${port}`);
  const content = randomBytes(FILE_BYTES);
  const files = [{ name: "AGENCYA_0101_12_2569.pdf", content, isLarge: true }];
  const [recipient = ""] = (await scene.letter({ files })).recipients;

  const { uploads } = scene.parts;
  const watched = {
    openStored: (sha256: string) =>
      uploads.openStored(sha256).pipe(
        counting((bytes) => {
          readBytes += bytes;
        }),
      ),
  };
  const job = { outboxId: 1, agencyId: "agency-a", subjectId: recipient, workKey: recipient };
  await sendLetter({ ...scene.parts, uploads: watched }, job);

  expect(await scene.events(recipient)).toMatchObject([{ what: "accepted" }]);
  expect(readBytes).toBe(FILE_BYTES);
  expect(mostUnderWay / MB).toBeLessThan(MOST_UNDER_WAY_BYTES / MB);
  const mail = await readFile(taken, "latin1");
  const begin = mail.indexOf("\r\n\r\n", mail.indexOf("Content-Type: application/pdf"));
  const sent = Buffer.from(mail.slice(begin, mail.indexOf("\r\n--", begin + 4)), "base64");
  const sha256 = (octets: Buffer) => createHash("sha256").update(octets).digest("hex");
  expect(sha256(sent)).toBe(sha256(content));
});
