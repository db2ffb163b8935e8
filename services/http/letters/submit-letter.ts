import type { FastifyRequest } from "fastify";
import { DAY_MS } from "../../shared/letter/bangkok-day.ts";
import type { Client } from "../clients/client.ts";
import { actingForClient } from "../clients/client-access.ts";
import { handInClosed } from "../closed/hand-in-closed.ts";
import { isAppointed } from "../closed/judge-class.ts";
import { keyMark, keyMarksOf } from "../closed/key-marks.ts";
import type { DoorParts } from "../door-parts.ts";
import { problem } from "../problem.ts";
import { acceptProgramLetter, type ProgramAccepted, programEnvelope } from "./accept-program-letter.ts";
import type { ReadSubmissionBody } from "./read-submission.ts";
import { alongsideSubmission, findSubmission } from "./submission-store.ts";

/** Behind a proxy it is what the proxy says. */
const LONGEST_ADDRESS = 100;

/**
 * Takes in the letter of a request: once for its Idempotency-Key, and without one once a day for what it says.
 * @returns the arrival, be it of this request or of an earlier one that was the same
 * @throws Problem when it is not to be taken in; the error of the store or the database when it cannot be
 */
export async function submitLetter(
  parts: DoorParts,
  read: ReadSubmissionBody,
  client: Client,
  request: FastifyRequest,
): Promise<string> {
  const { offices, database, closed, now } = parts;
  const key = keyOf(request);
  const {
    "content-type": mediaType = "",
    "content-length": length,
    "content-encoding": coding,
  } = request.headers;
  if (coding !== undefined && coding !== "identity") throw problem("not-a-letter-type");
  // Before the body is read: of a client that has gone away nobody knows it any more.
  const way = {
    door: "api",
    remoteAddress: request.ip.slice(0, LONGEST_ADDRESS),
    tls: request.protocol === "https",
    mediaType,
  } as const;
  const lengthBytes = length === undefined ? null : Number(length);
  const agency = await offices.agency(client.agencyId);
  const find = async (sha256: string, since: Date | null): Promise<string | null> => {
    // Looked up each time: the first classified letter makes the key that they are made with.
    const keyMarks = await keyMarksOf(closed.indexKeys, client, key);
    const mark = { clientId: client.id, key, keyMarks, sha256 };
    const found = await findSubmission(database, actingForClient(client), mark, since);
    if (found?.sameRequest === false) throw problem("key-in-use");
    return found?.intakeId ?? null;
  };
  const known = (sha256: string) => find(sha256, new Date(now().at.getTime() - DAY_MS));
  const letter = await read({ client, source: request.raw, mediaType, lengthBytes, known });
  if ("knownId" in letter) return letter.knownId;
  if ("closed" in letter) {
    const { closed: submission } = letter;
    const { fingerprint: sha256, sealed } = submission;
    const earlierId = await foundEarlier(client, key, () => find(sha256, null)).catch(async (error) => {
      await sealed.drop();
      throw error;
    });
    if (earlierId !== null) await sealed.drop();
    if (earlierId !== null) return earlierId;
    const alongside = (indexKey: Buffer) =>
      alongsideSubmission({ clientId: client.id, key: keyMark(indexKey, client, key), sha256 });
    const accepted = await handInClosed(parts, { client, agency, way, letter: submission, alongside });
    return idOf(accepted, () => find(sha256, null));
  }
  const { spooled, senderDomain, fingerprint } = letter;
  const earlierId = await foundEarlier(client, key, () => find(fingerprint, null));
  if (earlierId !== null) return earlierId;
  const accepted = await acceptProgramLetter(parts, {
    envelope: programEnvelope(
      client,
      { id: agency.agency.id, mailbox: agency.agency.mailbox, domain: agency.domain },
      senderDomain,
      way,
    ),
    spooled,
    alongside: alongsideSubmission({ clientId: client.id, key, sha256: fingerprint }),
  });
  return idOf(accepted, () => find(fingerprint, null));
}

/** A key stands under another name beside a classified letter, and the table's own rule knows nothing of that. */
function foundEarlier(
  client: Client,
  key: string | null,
  find: () => Promise<string | null>,
): Promise<string | null> {
  return key === null || !isAppointed(client) ? Promise.resolve(null) : find();
}

async function idOf(accepted: ProgramAccepted, find: () => Promise<string | null>): Promise<string> {
  if (accepted.result === "accepted") return accepted.intakeId;
  const knownId = await find();
  if (knownId === null) throw new Error(`broken key ${accepted.constraint}, and no submission under it`);
  return knownId;
}

/** As a string of structured fields ("…", RFC 8941 §3.3.3) or bare, as most clients write it. */
const KEY = /^"?([\x21\x23-\x7e]{1,255})"?$/;

function keyOf({ headers }: FastifyRequest): string | null {
  const given = headers["idempotency-key"];
  if (given === undefined) return null;
  const key = typeof given === "string" ? KEY.exec(given.trim())?.[1] : undefined;
  if (key !== undefined) return key;
  throw problem("not-understood", [
    {
      parameter: "Idempotency-Key",
      en: "has 1 to 255 visible ASCII characters, such as a UUID",
      th: "ต้องเป็นอักขระ ASCII 1 ถึง 255 ตัว เช่น UUID",
    },
  ]);
}
