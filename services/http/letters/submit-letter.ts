import type { FastifyRequest } from "fastify";
import type { Client } from "../clients/client.ts";
import { actingForClient } from "../clients/client-access.ts";
import type { DoorParts } from "../door-parts.ts";
import { problem } from "../problem.ts";
import { acceptProgramLetter, programEnvelope } from "./accept-program-letter.ts";
import type { ReadSubmissionBody } from "./read-submission.ts";
import { alongsideSubmission, findSubmission } from "./submission-store.ts";

/**
 * Takes in the letter of a request: once for its Idempotency-Key, and without one once a day for what it says.
 * @returns the arrival, be it of this request or of an earlier one that was the same
 * @throws Problem when it is not to be taken in; the error of the store or the database when it cannot be
 */
export async function submitLetter(
  { acceptLetter, offices, database }: DoorParts,
  read: ReadSubmissionBody,
  client: Client,
  request: FastifyRequest,
): Promise<string> {
  const key = keyOf(request);
  const {
    "content-type": mediaType = "",
    "content-length": length,
    "content-encoding": coding,
  } = request.headers;
  if (coding !== undefined && coding !== "identity") throw problem("not-a-letter-type");
  const lengthBytes = length === undefined ? null : Number(length);
  const { spooled, senderDomain, fingerprint } = await read(client, request.raw, mediaType, lengthBytes);
  const mark = { clientId: client.id, key, sha256: fingerprint };
  const agency = await offices.agency(client.agencyId);
  const tls = request.protocol === "https";
  const accepted = await acceptProgramLetter(
    { acceptLetter },
    {
      envelope: programEnvelope(
        client,
        { id: agency.agency.id, mailbox: agency.agency.mailbox, domain: agency.domain },
        senderDomain,
        { door: "api", remoteAddress: request.ip, tls, mediaType },
      ),
      spooled,
      alongside: alongsideSubmission(mark),
    },
  );
  if (accepted.result === "accepted") return accepted.intakeId;
  const known = await findSubmission(database, actingForClient(client), mark);
  if (known === null) throw new Error(`broken key ${accepted.constraint}, and no submission under it`);
  if (!known.sameRequest) throw problem("key-in-use");
  return known.intakeId;
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
