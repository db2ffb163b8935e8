import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";
import { type SignerFor, signNothing } from "./dkim-keys.ts";
import { openMessage } from "./mail-options.ts";
import type { MailTransport } from "./mail-transport.ts";

/**
 * Writes each message as an .eml file: what a newcomer without a mail server sees. The name is the message's own, so a
 * second try writes the same file.
 */
export function openMailFolder(folder: string, signerFor: SignerFor = signNothing): MailTransport {
  return {
    channel: "file",
    async send(_to, compose) {
      const mail = await compose();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      const { octets } = await openMessage(mail, signerFor);
      const name = `${mail.messageId.replace(/[^A-Za-z0-9.@-]/g, "")}.eml`;
      const path = join(folder, `.${name}`);
      const file = await open(path, "w", 0o600);
      try {
        await file.writeFile(`Return-Path: <${mail.returnPath}>\r\n`); // as final delivery writes it (RFC 5321 §4.4)
        await file.writeFile(octets);
        await file.sync();
      } finally {
        octets.destroy();
        await file.close();
      }
      await rename(path, join(folder, name));
      return { result: "accepted", reply: `written as ${name}` };
    },
    trouble: async () => null,
    close: () => {},
  };
}
