import { documentOfCover, objectsOfCover } from "../../shared/ecms/document-of-cover.ts";
import type { WireDocument } from "../../shared/ecms/write-document.ts";
import { readUploaded } from "../../shared/letter/uploaded-files.ts";
import { inTransaction } from "../../shared/runtime/database.ts";
import { actingForClient } from "../clients/client-access.ts";
import type { SentLetter } from "../inbox/sent-item-store.ts";
import { readUploadedContent } from "../outbound-store.ts";
import type { EcmsCall } from "./ecms-call.ts";

/** A letter of the agency as a node would have been posted it: in the words in which it was sent, its files streamed. */
export function documentOfSent(
  { parts, client }: Pick<EcmsCall, "parts" | "client">,
  { agency, organisationId, cover, sentAt, files }: SentLetter,
): WireDocument {
  const objects = objectsOfCover(cover, files, async ({ fileId, sha256 }) => {
    const content = await inTransaction(parts.database, actingForClient(client), (transaction) =>
      readUploadedContent(transaction, fileId),
    );
    return readUploaded(parts.uploads, { sha256, content });
  });
  const departments = { own: agency.organisationId, other: organisationId };
  return documentOfCover(cover, sentAt, departments, objects, files.length > 0);
}
