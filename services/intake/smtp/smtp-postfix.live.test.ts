import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dotText, greetedSmtpClient } from "../../shared/testing/smtp-client.ts";
import { postfixPath, type SendingPostfix, startSendingPostfix } from "../testing/sending-postfix.ts";
import { contextOf, makeCertificate } from "../testing/tls-client.ts";
import { openTestDoor, type TestDoor } from "./smtp-test-door.ts";

const there = postfixPath !== undefined || process.env["CI"] !== undefined;

describe.skipIf(!there)("a real Postfix that sends over STARTTLS", () => {
  let dir: string;
  let door: TestDoor;
  let postfix: SendingPostfix;
  /** What the greylist has said so far: the first attempt of each sender is asked to come again. */
  const attempts: string[] = [];
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "smtp-postfix-"));
    // Postfix's own user reads its files below.
    await chmod(dir, 0o755);
    const files = await makeCertificate(dir, "door");
    door = await openTestDoor({
      tls: { context: await contextOf(files), port: null, require: true },
      trusts: () => false,
      greylist: async ({ mailFrom }) => attempts.push(mailFrom) > 1,
    });
    postfix = await startSendingPostfix(join(dir, "postfix"), { port: door.port, caFile: files.certFile });
  });
  afterAll(async () => {
    await postfix?.stop();
    await door?.close();
    await rm(dir, { recursive: true });
  });

  const submit = async (mailFrom: string, rcptTo: string, letter: string): Promise<void> => {
    const client = await greetedSmtpClient(postfix.port);
    for (const line of [`MAIL FROM:${mailFrom}`, `RCPT TO:${rcptTo}`, "DATA"]) {
      const { code, text } = await client.command(line);
      if (code >= 400) throw new Error(`${line}: ${text}`);
    }
    await client.send(dotText(letter));
    expect((await client.reply()).code).toBe(250);
    await client.command("QUIT");
  };
  const taken = (count: number) => expect.poll(() => door.taken.length, { timeout: 60_000 }).toBe(count);

  test("a Thai letter between Thai addresses, put off once by the greylist, with DSN parameters", async () => {
    const body = "เรียน ผู้อำนวยการ\r\n.จุดต้นบรรทัด\r\n..\r\n";
    await submit(
      "<ผู้ส่ง@opdc.example.go.th> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=QQ1",
      "<สารบรรณ@agency-a.example.go.th> NOTIFY=SUCCESS,FAILURE ORCPT=utf-8;สารบรรณ@agency-a.example.go.th",
      `From: ผู้ส่ง@opdc.example.go.th\r\nTo: สารบรรณ@agency-a.example.go.th\r\nSubject: ขอเชิญประชุม\r\n\r\n${body}`,
    );
    await taken(1);
    const [letter] = door.taken;
    expect(letter?.envelope).toMatchObject({
      mailFrom: "ผู้ส่ง@opdc.example.go.th",
      recipients: [{ address: "สารบรรณ@agency-a.example.go.th" }],
      helo: "mx.opdc.example.go.th",
      smtpUtf8: true,
      tls: true,
    });
    expect(letter?.bytes.toString()).toContain(`Subject: ขอเชิญประชุม\r\n`);
    expect(letter?.bytes.toString().endsWith(`\r\n\r\n${body}`)).toBe(true);
    expect(attempts.slice(0, 2)).toEqual(["ผู้ส่ง@opdc.example.go.th", "ผู้ส่ง@opdc.example.go.th"]);
    // Our commit comes before Postfix hears 250 and writes its line.
    await expect
      .poll(() => postfix.log(), { timeout: 60_000 })
      .toMatch(/sender delivery status notification/);
    const log = await postfix.log();
    expect(log).toMatch(/Verified TLS connection established to 127\.0\.0\.1/);
    expect(log).toMatch(/status=deferred .*451 4\.7\.1 /);
    // We do not announce DSN: the sender's own server tells him "relayed", which is true (RFC 3461 §5.2.2).
    expect(log).toMatch(/status=sent \(250 2\.0\.0 Accepted as agency-a-1\)/);
  });

  test("what the door refuses comes back as a bounce with the null sender", async () => {
    door.taken.length = 0;
    await submit(
      "<saraban@agency-a.example.go.th>",
      "<nobody@agency-a.example.go.th>",
      "From: saraban@agency-a.example.go.th\r\nSubject: receipt\r\nMessage-ID: <1@agency-a.example.go.th>\r\n\r\nx\r\n",
    );
    await expect
      .poll(() => door.taken.find(({ bytes }) => bytes.includes("multipart/report"))?.envelope, {
        timeout: 60_000,
      })
      .toMatchObject({
        mailFrom: "",
        recipients: [{ address: "saraban@agency-a.example.go.th" }],
        tls: true,
      });
  });
});
