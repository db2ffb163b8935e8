import { type RawBuilder, sql } from "kysely";
import type { DocumentMark } from "./document-marks.ts";

/** The statement that uses up a classified letter's identity on the wire: it breaks a unique key while another letter has it. */
export function insertingClosedDocument(
  document: {
    readonly processId: string;
    readonly agencyId: string;
    readonly intakeId: string;
    /** Null for what a node gave. */
    readonly clientId: string | null;
  },
  { identity, named }: DocumentMark,
  cameAt: Date,
): RawBuilder<unknown> {
  const { processId, agencyId, intakeId, clientId } = document;
  return sql`
    insert into closed_document (process_id, agency_id, intake_id, client_id, identity, named, came_at)
      values (${processId}, ${agencyId}, ${intakeId}, ${clientId}, ${identity}, ${named}, ${cameAt})`;
}
