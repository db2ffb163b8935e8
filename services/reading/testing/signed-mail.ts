import { generateKeyPairSync } from "node:crypto";
import { dkimSign, sealMessage } from "mailauth";
import { createTransport } from "nodemailer";

export interface TestKey {
  readonly privateKey: string;
  /** The text of its record in DNS. */
  readonly record: string;
}

export function rsaKey(bits = 2048): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: bits });
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    record: `v=DKIM1; k=rsa; p=${publicKey.export({ type: "spki", format: "der" }).toString("base64")}`,
  };
}

/** RFC 8463: the record holds the 32 octets of the key alone. */
export function ed25519Key(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return {
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    record: `v=DKIM1; k=ed25519; p=${raw.toString("base64")}`,
  };
}

const TEXT = "เรียน ผู้อำนวยการ\r\n\r\nขอเชิญประชุมตามหนังสือที่แนบ\r\n";

/** A letter as nodemailer makes it, signed by its own DKIM where a key is given. */
export async function mailFrom(
  from: string,
  dkim?: { domain: string; key: TestKey; selector?: string; fields?: string },
): Promise<Buffer> {
  const transport = createTransport({
    streamTransport: true,
    buffer: true,
    newline: "windows",
    ...(dkim && {
      dkim: {
        domainName: dkim.domain,
        keySelector: dkim.selector ?? "s1",
        privateKey: dkim.key.privateKey,
        ...(dkim.fields && { headerFieldNames: dkim.fields }),
      },
    }),
  });
  const { message } = await transport.sendMail({
    from,
    to: "saraban@agency-a.example.go.th",
    subject: "ขอเชิญประชุม",
    text: TEXT,
  });
  return message as Buffer;
}

/** A signature that nodemailer does not make: with an end, a length, another algorithm or fewer fields. */
export async function signedBy(
  message: Buffer,
  domain: string,
  { privateKey }: TestKey,
  more: Record<string, unknown> = {},
): Promise<Buffer> {
  const { signatures } = await dkimSign(message, {
    signatureData: [{ signingDomain: domain, selector: "s1", privateKey, ...more }],
    ...more,
  } as never);
  return Buffer.concat([
    Buffer.from(signatures.replace(/\r?\n(?=[^\s])/g, "\r\n").trimEnd()),
    Buffer.from("\r\n"),
    message,
  ]);
}

/** As a mailing list passes it on: changed, and sealed with what the list had found. */
export async function sealedBy(
  message: Buffer,
  domain: string,
  { privateKey }: TestKey,
  authResults: string,
  cv: "none" | "pass" = "none",
): Promise<Buffer> {
  const changed = Buffer.concat([message, Buffer.from("\r\n-- \r\nsent to you by the list\r\n")]);
  const seal = await sealMessage(changed, {
    signingDomain: domain,
    selector: "arc1",
    privateKey,
    authResults,
    cv,
  });
  return Buffer.concat([seal, changed]);
}
