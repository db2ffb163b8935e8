import {
  connectSmtpClient,
  dotText,
  type SmtpReply,
  type SmtpTestClient,
} from "../services/shared/testing/smtp-client.ts";

/** A message with its envelope. */
export interface OutgoingMail {
  /** Envelope sender; "" for the null reverse-path. */
  readonly from: string;
  readonly to: readonly string[];
  /** The message as it is to be stored, before the dots of transparency. */
  readonly octets: Buffer;
  readonly smtpUtf8?: boolean;
}

/** What the server said. accepted: 250 to the final dot, with the ids that the reply names. */
export type Delivery =
  | {
      readonly kind: "accepted";
      readonly ids: readonly string[];
      readonly reply: SmtpReply;
      readonly refusedRecipients: readonly RefusedRecipient[];
    }
  | {
      readonly kind: "refused";
      /** The command that was refused: "MAIL FROM:<…>", "RCPT TO:<…>", "DATA" or "the message". */
      readonly at: string;
      readonly reply: SmtpReply;
    };

export interface RefusedRecipient {
  readonly address: string;
  readonly reply: SmtpReply;
}

export interface SmtpSender {
  /** One transaction. @throws Error when the connection ends or the server is silent for too long */
  deliver(mail: OutgoingMail): Promise<Delivery>;
  /** QUIT, without waiting for long; never throws. */
  quit(): Promise<void>;
  /** Cuts the connection. */
  destroy(): void;
}

/**
 * An SMTP client that sends octets exactly as they are (mail libraries mend them), for commands and drills.
 * @throws the error of connect(2), such as ECONNREFUSED; Error when the server does not greet with 220
 */
export async function openSmtpSender(
  host: string,
  port: number,
  { timeoutMs = 60_000, name = "sender.example.go.th" } = {},
): Promise<SmtpSender> {
  const client = await connectSmtpClient(port, { host, timeoutMs });
  try {
    await expectCode(client.reply(), 220, "the greeting");
    await expectCode(client.command(`EHLO ${name}`), 250, "EHLO");
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    deliver: (mail) => deliver(client, mail),
    async quit() {
      await client.command("QUIT").catch(() => {});
      client.destroy();
    },
    destroy: () => client.destroy(),
  };
}

async function deliver(
  client: SmtpTestClient,
  { from, to, octets, smtpUtf8 = false }: OutgoingMail,
): Promise<Delivery> {
  const eightBit = octets.some((octet) => octet > 0x7f);
  const parameters = `${eightBit ? " BODY=8BITMIME" : ""}${smtpUtf8 ? " SMTPUTF8" : ""}`;
  const mailFrom = await client.command(`MAIL FROM:<${from}>${parameters}`);
  if (mailFrom.code >= 400) return { kind: "refused", at: `MAIL FROM:<${from}>`, reply: mailFrom };
  const refusedRecipients: RefusedRecipient[] = [];
  for (const address of to) {
    const reply = await client.command(`RCPT TO:<${address}>`);
    if (reply.code >= 400) refusedRecipients.push({ address, reply });
  }
  const refused = refusedRecipients[0];
  if (refused && refusedRecipients.length === to.length) {
    await client.command("RSET");
    return { kind: "refused", at: `RCPT TO:<${refused.address}>`, reply: refused.reply };
  }
  const data = await client.command("DATA");
  if (data.code >= 400) return { kind: "refused", at: "DATA", reply: data };
  await client.send(dotText(octets));
  const reply = await client.reply();
  if (reply.code >= 400) return { kind: "refused", at: "the message", reply };
  const ids = /Accepted as ([0-9a-f-]{36}(?:,\s*[0-9a-f-]{36})*)/i.exec(reply.text)?.[1]?.split(/,\s*/) ?? [];
  return { kind: "accepted", ids, reply, refusedRecipients };
}

async function expectCode(reply: Promise<SmtpReply>, code: number, what: string): Promise<void> {
  const { code: said, text } = await reply;
  if (said !== code) throw new Error(`${what} was answered with: ${text}`);
}
