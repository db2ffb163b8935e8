import { setTimeout as pause } from "node:timers/promises";
import type { SampleLetter } from "../../services/shared/testing/sample-letters.ts";
import { dotText, greetedSmtpClient, openSmtpData } from "../../services/shared/testing/smtp-client.ts";

/** By performance.now() of this process. */
export interface SentLetter {
  readonly messageId: string;
  /** The 354 after DATA: the octets begin to go. */
  readonly dataMs: number;
  /** The 250 after the final dot. */
  readonly acceptedMs: number;
}

/**
 * Sends letters over kept connections: as fast as they are taken, or at a steady rate, the moments fixed beforehand, so
 * that a slow answer delays nobody else's letter (as long as a connection is free).
 * @throws Error when a letter is not accepted
 */
export async function sendLetters(options: {
  readonly port: number;
  readonly letters: readonly SampleLetter[];
  readonly connections: number;
  readonly perSecond?: number | undefined;
}): Promise<SentLetter[]> {
  const { port, letters, connections, perSecond } = options;
  const texts = letters.map(({ octets }) => dotText(octets));
  const sent: SentLetter[] = [];
  let next = 0;
  const startedMs = performance.now();
  const sender = async (): Promise<void> => {
    const client = await greetedSmtpClient(port, { timeoutMs: 60_000 });
    while (next < letters.length) {
      const index = next++;
      const { messageId, mailFrom, to } = letters[index] as SampleLetter;
      if (perSecond !== undefined) {
        const earlyMs = (index / perSecond) * 1000 - (performance.now() - startedMs);
        if (earlyMs > 0) await pause(earlyMs);
      }
      await openSmtpData(client, { from: mailFrom, to: [to] });
      const dataMs = performance.now();
      await client.send(texts[index] as Buffer);
      const { code, text } = await client.reply();
      if (code !== 250) throw new Error(`${messageId} was answered ${text}`);
      sent[index] = { messageId, dataMs, acceptedMs: performance.now() };
    }
    await client.command("QUIT");
    client.destroy();
  };
  await Promise.all(Array.from({ length: connections }, sender));
  return sent;
}
