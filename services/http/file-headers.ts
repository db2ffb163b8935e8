import type { FastifyReply } from "fastify";

/** What a browser may be told that a file is; anything else is octets, whatever its sender or uploader said. */
const TOLD_TYPES =
  /^(?:application\/(?:pdf|zip|vnd\.[a-z0-9.-]{1,80})|image\/(?:png|jpeg|tiff)|text\/plain)$/;

/**
 * Has the answer be a file to be saved, which a browser does not run.
 * @param sizeBytes null where it is not known before all of it was read
 */
export function asFile(
  reply: FastifyReply,
  file: { readonly name: string; readonly mediaType: string; readonly sizeBytes: number | null },
): FastifyReply {
  if (file.sizeBytes !== null) reply.header("content-length", file.sizeBytes);
  return reply
    .type(TOLD_TYPES.test(file.mediaType) ? file.mediaType : "application/octet-stream")
    .header("content-disposition", attachmentNamed(file.name))
    .header("content-security-policy", "sandbox; default-src 'none'");
}

/** RFC 6266: the name for old clients in ASCII, and as it is. */
function attachmentNamed(name: string): string {
  const plain = name.replace(/[^A-Za-z0-9 ._()-]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
