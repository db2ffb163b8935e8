import { type RawBuilder, sql } from "kysely";
import type { Stamp } from "../stamp.ts";
import type { Alongside, Envelope, Recipient } from "./envelope.ts";
import { SEALED_MEDIA_TYPE, type SealedLetter } from "./sealed-letter.ts";

/** A classified letter for one agency. */
export interface ClosedArrival {
  readonly envelope: Envelope;
  readonly recipient: Recipient;
  /** Null for what a node gave. */
  readonly clientId: string | null;
  readonly letter: SealedLetter;
  readonly stamp: Stamp;
  readonly alongside: Alongside | null;
}

/** All that a classified arrival is, in the order in which its rows refer to each other. */
export function closedArrivalStatements(arrival: ClosedArrival): readonly RawBuilder<unknown>[] {
  const { recipient, letter, alongside } = arrival;
  const { agencyId } = recipient;
  const { id, body } = letter;
  return [
    // Sealed octets are never the same twice: two requests that are have to wait for each other here.
    sql`select pg_advisory_xact_lock(hashtextextended(${letter.likeness.toString("hex")}, 0))`,
    sql`insert into stored_body (agency_id, sha256, size_bytes, content)
          values (${agencyId}, ${body.sha256}, ${body.sizeBytes}, ${body.inline})`,
    insertIntake(arrival),
    insertLetter(arrival),
    sql`insert into closed_body (letter_id, agency_id, part, sha256, size_bytes, wrapped_key, key_version)
          values (${id}, ${agencyId}, 0, ${body.sha256}, ${body.sizeBytes}, ${body.wrappedKey}, ${body.keyVersion})`,
    sql`insert into closed_gram (agency_id, letter_id, gram)
          select ${agencyId}, ${id}::uuid, gram from unnest(${[...letter.grams]}::bytea[]) as g (gram)`,
    // The outbox's own statement cannot be used: the place in the order of arrival is known to this transaction alone.
    sql`insert into outbox (job, agency_id, subject_id, work_key, arrival_seq)
          select 'register-closed', agency_id, id, agency_id || '.inbound.classified', arrival_seq
            from intake where id = ${id} and agency_id = ${agencyId}`,
    ...(alongside?.({ intakeId: id, agencyId, sha256: body.sha256 }) ?? []),
  ];
}

function insertIntake({ envelope, recipient, clientId, letter, stamp }: ClosedArrival): RawBuilder<unknown> {
  const { door, remoteAddress, tls, program } = envelope;
  const { id, level, body } = letter;
  // Neither a unit nor what a client says of itself stands here: they may say what the letter is about.
  return sql`
    insert into intake (id, agency_id, transaction_id, door, mail_from, recipients, unit, remote_address, helo, smtp_utf8, tls,
        bare_newlines, media_type, client_id, sender_domain, sha256, size_bytes, arrived_at, clock, closed_level)
      values (${id}, ${recipient.agencyId}, ${id}, ${door}, '', array[${recipient.address}], null, ${remoteAddress}, '', false, ${tls},
        false, ${SEALED_MEDIA_TYPE}, ${clientId}, ${program?.senderDomain ?? null}, ${body.sha256}, ${body.sizeBytes}, ${stamp.at},
        ${JSON.stringify(stamp.clock)}::jsonb, ${level})`;
}

function insertLetter({ recipient, letter, stamp }: ClosedArrival): RawBuilder<unknown> {
  const { id, level, sealedFacts, wrappedKey, keyVersion, handedIn, likeness } = letter;
  return sql`
    insert into closed_letter (id, agency_id, direction, level, level_at_birth, intake_id, sealed_facts, wrapped_key, key_version,
        made_at, clock, handed_in_sha256, handed_in_bytes, likeness)
      values (${id}, ${recipient.agencyId}, 'inbound', ${level}, ${level}, ${id}, ${sealedFacts}, ${wrappedKey}, ${keyVersion},
        ${stamp.at}, ${JSON.stringify(stamp.clock)}::jsonb, ${handedIn.sha256}, ${handedIn.sizeBytes}, ${likeness})`;
}
