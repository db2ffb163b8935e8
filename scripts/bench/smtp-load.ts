import {
  dotText,
  greetedSmtpClient,
  openSmtpData,
  type SmtpTestClient,
} from "../../services/shared/testing/smtp-client.ts";
import { findProgram, runProgram } from "./bench-run.ts";

/** Longer than any run here: a server that stalls ends the bench instead of holding it for ever. */
const RUN_WITHIN_MS = 5 * 60_000;

export interface Load {
  readonly port: number;
  readonly letters: number;
  readonly connections: number;
  readonly sizeBytes: number;
  /** A connection for all of a sender's letters, or a new one for each. */
  readonly connection: "kept" | "fresh";
  readonly from: string;
  readonly to: string;
}

/**
 * Sends equal letters as fast as the server takes them: with Postfix's smtp-source where it is installed, so that both
 * servers meet the same client, else with our own.
 * @returns letters a second, from the first connection to the last 250
 * @throws Error when any letter is not accepted
 */
export async function loadDoor(load: Load): Promise<number> {
  const smtpSource = findProgram("smtp-source");
  const startedMs = performance.now();
  if (smtpSource) await runProgram(smtpSource, smtpSourceArguments(load), RUN_WITHIN_MS);
  else await sendByOurselves(load);
  return load.letters / ((performance.now() - startedMs) / 1000);
}

function smtpSourceArguments(load: Load): string[] {
  const { port, letters, connections, sizeBytes, connection, from, to } = load;
  // -d: do not disconnect after a letter.
  const kept = connection === "kept" ? ["-d"] : [];
  const size = ["-m", String(letters), "-s", String(connections), "-l", String(sizeBytes)];
  return ["-4", ...kept, ...size, "-f", from, "-t", to, `127.0.0.1:${port}`];
}

async function sendByOurselves(load: Load): Promise<void> {
  const { port, letters, connections, sizeBytes, connection, from, to } = load;
  const line = `${"X".repeat(76)}\r\n`;
  const text = line.repeat(Math.ceil(sizeBytes / line.length));
  let next = 0;
  const send = async (client: SmtpTestClient, index: number): Promise<void> => {
    await openSmtpData(client, { from, to: [to] });
    await client.send(
      dotText(
        `From: <${from}>\r\nTo: <${to}>\r\nMessage-Id: <${startedAt}.${index}@load.example.go.th>\r\n\r\n${text}`,
      ),
    );
    const { code, text: words } = await client.reply();
    if (code !== 250) throw new Error(`a letter was answered ${words}`);
  };
  const startedAt = Date.now();
  const sender = async (): Promise<void> => {
    let client: SmtpTestClient | undefined;
    while (next < letters) {
      const index = next++;
      client ??= await greetedSmtpClient(port);
      await send(client, index);
      if (connection === "kept") continue;
      await client.command("QUIT");
      client.destroy();
      client = undefined;
    }
    client?.destroy();
  };
  await Promise.all(Array.from({ length: connections }, sender));
}
