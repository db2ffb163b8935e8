import type { OutboundFacts } from "../../services/shared/letter/outbound.ts";
import { newId } from "../../services/shared/runtime/ids.ts";
import type { Installation } from "./installations.ts";

/** Longer than the registry ever takes; a refusal comes at once. */
const WAIT_SECONDS = 30;

/**
 * Asks the registry for an act over HTTP, as a clerk's program does, and waits until it is done.
 * @throws Error with the answer's words when it is refused, or not done in time
 */
export async function doAct(
  { ask }: Installation,
  token: string,
  act: { readonly act: string; readonly agencyId: string; readonly [field: string]: unknown },
): Promise<void> {
  const { status, body } = await ask(token, "/acts", {
    method: "POST",
    headers: { "content-type": "application/json", prefer: `wait=${WAIT_SECONDS}` },
    body: JSON.stringify({ id: newId(), ...act }),
  });
  if (status !== 201) throw new Error(`${act.act} was answered with ${status}: ${JSON.stringify(body)}`);
}

/** A letter to be written: what it says, and the file that is the letter itself. */
export interface DraftedLetter {
  readonly agencyId: string;
  readonly letter: Omit<OutboundFacts, "files">;
  readonly file: { readonly name: string; readonly type: string; readonly octets: Buffer };
}

/**
 * Uploads a letter's file, drafts it, and has it signed off and sent by another clerk, who has the right.
 * @returns the letter's id
 */
export async function sendLetter(
  installation: Installation,
  { agencyId, letter, file }: DraftedLetter,
): Promise<string> {
  const { drafter, approver } = installation;
  const fileId = await uploadFile(installation, agencyId, file);
  const letterId = newId();
  const facts: OutboundFacts = { ...letter, files: [fileId] };
  await doAct(installation, drafter, { act: "draft", agencyId, letterId, details: { letter: facts } });
  await doAct(installation, approver, {
    act: "approve",
    agencyId,
    letterId,
    details: { version: 1, send: true },
  });
  return letterId;
}

async function uploadFile(
  { ask, drafter }: Installation,
  agencyId: string,
  { name, type, octets }: DraftedLetter["file"],
): Promise<string> {
  const { status, body } = await ask(
    drafter,
    `/outbound/files?${new URLSearchParams({ agency: agencyId, name })}`,
    {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(octets),
    },
  );
  if (status !== 201) throw new Error(`${name} was answered with ${status}: ${JSON.stringify(body)}`);
  return body.id as string;
}
