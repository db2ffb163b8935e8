import {
  looksLikeGovernmentDocument,
  readGovernmentDocument,
} from "../../shared/ecms/read-government-document.ts";
import { parseContent } from "../../shared/mime/parse-content.ts";
import type { MimeMessage, MimePart } from "../../shared/mime/parse-mime.ts";
import type { ContentKeeper, PartContent } from "../../shared/mime/part-content.ts";
import { isBody, nameOf, readBodies } from "../mime/read-parts.ts";
import type { Attachment, ReadingProblem } from "../reading.ts";
import { detectType, isMismatch } from "./detect-type.ts";
import { guessRoles } from "./guess-roles.ts";
import type { LetterFile } from "./letter-file.ts";
import {
  describe,
  emptyAttachment,
  isLockedOffice,
  isNamedMessage,
  limit,
  locked,
  nameAll,
  note,
  noteMismatch,
  unreadable,
} from "./mark-attachment.ts";
import { unpackSmime } from "./unpack-smime.ts";
import { unpackTnef } from "./unpack-tnef.ts";
import { unpackUuencoded } from "./unpack-uuencoded.ts";
import { type UnpackBudget, unpackZip } from "./unpack-zip.ts";

export interface ExpandedAttachments {
  /** As a tree: what is packed stands in `members` of its packing. */
  readonly attachments: Attachment[];
  /** Every file that is no packing, in the order of the mail; an e-CMS document before its objects. */
  readonly files: LetterFile[];
  /** Attached messages, .eml files included. */
  readonly messages: MimeMessage[];
  /** The mail's own text, where it stands in winmail.dat or a signed envelope rather than in a part. */
  readonly texts: string[];
}

interface Expansion extends ExpandedAttachments {
  readonly keeper: ContentKeeper;
  readonly problems: Set<ReadingProblem>;
  readonly budget: UnpackBudget;
  entities: number;
}

interface Place {
  readonly forwarded: boolean;
  /** How many packings are around it, and how many of them are archives. */
  readonly level: number;
  readonly archives: number;
}

const MAX_MEMBERS = 200;
const MAX_UNPACKED_BYTES = 100 * 1024 * 1024;
const MAX_ARCHIVES = 2;
const MAX_LEVEL = 5;
const MAX_ENTITIES = 20;
const MAX_HELD_BYTES = 32 * 1024 * 1024;
const ENCODINGS = /^(?:|7bit|8bit|binary|base64|quoted-printable)$/;
const REPORT_PARTS =
  /^(?:message\/(?:delivery-status|disposition-notification|rfc822-headers)|text\/rfc822-headers)$/;
const SMIME = /^application\/(?:x-)?pkcs7-mime$/;
const SIGNATURE = /^application\/(?:x-)?pkcs7-signature$/;
const OTHER_ARCHIVE = /^application\/(?:x-rar|x-7z|vnd\.rar|gzip|x-tar|x-bzip2|x-xz|vnd\.ms-cab)/;

/**
 * Lists what comes with a message and unpacks what is packed: ZIP, winmail.dat, signed envelopes, attached messages and
 * .eml files, e-CMS documents, uuencoded text. Within limits for the whole message; what is beyond them, locked or broken
 * is marked on its attachment and told as a problem. Never throws for what is in the message.
 *
 * @param keeper keeps the contents of `files`; they are good until its owner disposes of it
 */
export async function expandAttachments(
  message: MimeMessage,
  keeper: ContentKeeper,
  problems: Set<ReadingProblem>,
): Promise<ExpandedAttachments> {
  const expansion: Expansion = {
    attachments: [],
    files: [],
    messages: [],
    texts: [],
    keeper,
    problems,
    budget: { members: MAX_MEMBERS, bytes: MAX_UNPACKED_BYTES },
    entities: 0,
  };
  const top = { forwarded: false, level: 0, archives: 0 };
  const attachments = await expandMessage(message, "", top, expansion);
  guessRoles(expansion.files);
  nameAll(attachments, new Map());
  return { attachments, files: expansion.files, messages: expansion.messages, texts: expansion.texts };
}

async function expandMessage(
  message: MimeMessage,
  prefix: string,
  place: Place,
  expansion: Expansion,
): Promise<Attachment[]> {
  if (message.contentType.value === "multipart/report") return [];
  const attachments: Attachment[] = [];
  for (const part of message.parts) {
    const type = part.contentType.value;
    if (REPORT_PARTS.test(type)) continue;
    if (isBody(part)) attachments.push(...(await expandText(part, prefix, place, expansion)));
    else attachments.push(await expandPart(part, prefix, place, expansion));
  }
  return attachments;
}

async function expandPart(
  part: MimePart,
  prefix: string,
  place: Place,
  expansion: Expansion,
): Promise<Attachment> {
  const { keeper, problems } = expansion;
  const type = part.contentType.value;
  const attachment = emptyAttachment(
    nameOf(part),
    type === "" ? "application/octet-stream" : type,
    `${prefix}${part.partId}`,
  );
  attachment.inline =
    type.startsWith("image/") &&
    part.within.includes("multipart/related") &&
    part.disposition.value !== "attachment";
  if (type === "application/pgp-encrypted") problems.add("encrypted");
  let content = part.content;
  // A text without a name that is no body (text/csv) was held as text.
  if (content === null && part.octets !== null && part.octets.length === part.sizeBytes) {
    content = await keeper.keepOctets(part.octets);
  }
  let decodable = part.intact && ENCODINGS.test(part.encoding);
  attachment.sizeBytes = part.sizeBytes;
  attachment.sha256 = part.sha256;
  if (part.intact && /^(?:x-)?uu(?:e|encode|encoded)$/.test(part.encoding) && content !== null) {
    const [file] = content.sizeBytes > MAX_HELD_BYTES ? [] : unpackUuencoded(await content.read());
    content = file === undefined ? null : await keeper.keepOctets(file.octets);
    decodable = file !== undefined;
    if (file !== undefined) describe(attachment, file.octets);
  }
  if (!decodable) {
    attachment.sizeBytes = null;
    attachment.sha256 = null;
    addUnreadable(attachment, place, expansion);
    return attachment;
  }
  if (part.message !== null) {
    await expandAttached(attachment, part.message, prefix, place, expansion);
    return attachment;
  }
  await expandContent(attachment, content, place, expansion);
  return attachment;
}

/** Files that stand uuencoded between the lines of a text, as mailers without MIME send them. */
async function expandText(
  part: MimePart,
  prefix: string,
  place: Place,
  expansion: Expansion,
): Promise<Attachment[]> {
  const { octets, sizeBytes } = part;
  if (octets === null || part.contentType.value === "text/html") return [];
  const attachments: Attachment[] = [];
  for (const file of unpackUuencoded(octets)) {
    if (expansion.budget.members-- <= 0) break;
    const partId = `${prefix}${part.partId}>${attachments.length + 1}`;
    const attachment = emptyAttachment(file.name, "application/octet-stream", partId);
    attachments.push(attachment);
    if (!file.whole) {
      // The text was cut by a limit of ours, or by the sender.
      if (octets.length < sizeBytes) attachment.marks.push("not-unpacked");
      addUnreadable(attachment, place, expansion);
      continue;
    }
    describe(attachment, file.octets);
    const content = await expansion.keeper.keepOctets(file.octets);
    await expandContent(attachment, content, { ...place, level: place.level + 1 }, expansion);
  }
  return attachments;
}

/** Finds out what a content is, and goes into it where it is a packing. Without members it is a file. */
async function expandContent(
  attachment: Attachment,
  content: PartContent | null,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  const { problems, files } = expansion;
  if (content === null) {
    limit(attachment, problems);
    files.push({ attachment, content, forwarded: place.forwarded });
    return;
  }
  const detected = await detectType(content);
  attachment.detectedType = detected;
  const { contentType } = attachment;
  if (
    detected === "application/zip" ||
    /^PK(?:\x03\x04|\x05\x06)/.test(content.head.toString("latin1", 0, 4))
  ) {
    await expandZip(attachment, content, place, expansion);
  } else if (detected === "application/ms-tnef") {
    await expandTnef(attachment, content, place, expansion);
  } else if (
    SMIME.test(contentType) ||
    (detected === "application/pkcs7-mime" && !SIGNATURE.test(contentType))
  ) {
    await expandSmime(attachment, content, place, expansion);
  } else if (detected === "message/rfc822" && isNamedMessage(attachment)) {
    const message = await parseEntity(attachment, content, place, expansion);
    if (message !== null)
      await expandAttached(attachment, message, `${attachment.partId}>`, place, expansion);
  } else if (detected !== null && OTHER_ARCHIVE.test(detected)) {
    limit(attachment, problems);
  } else if (detected === "application/x-cfb" && (await isLockedOffice(attachment, content))) {
    locked(attachment, problems);
  } else if (looksLikeGovernmentDocument(content)) {
    files.push({ attachment, content, forwarded: place.forwarded });
    await expandDocument(attachment, content, place, expansion);
    noteMismatch(attachment);
    return;
  }
  noteMismatch(attachment);
  if (attachment.members.length === 0 && attachment.role !== "other") {
    files.push({ attachment, content, forwarded: place.forwarded });
  } else attachment.role = "other";
}

async function expandZip(
  attachment: Attachment,
  content: PartContent,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  const { problems, keeper, budget } = expansion;
  if (place.archives >= MAX_ARCHIVES || place.level >= MAX_LEVEL || budget.members <= 0) {
    return limit(attachment, problems);
  }
  // A program that is an archive besides (a self-extractor, an app) is a program.
  if (isMismatch(attachment.detectedType, "a.zip", "")) return;
  const archive = await unpackZip(content, keeper, budget);
  if (archive.officeType !== null) {
    attachment.detectedType = archive.officeType;
    return;
  }
  attachment.detectedType = "application/zip";
  const inner = { ...place, level: place.level + 1, archives: place.archives + 1 };
  for (const [index, member] of archive.members.entries()) {
    const type = "application/octet-stream";
    const packed = emptyAttachment(member.name, type, `${attachment.partId}>${index + 1}`);
    attachment.members.push(packed);
    packed.sizeBytes = member.sizeBytes;
    packed.sha256 = member.sha256;
    if (member.fault === null) {
      await expandContent(packed, member.content, inner, expansion);
      continue;
    }
    if (member.fault === "encrypted") locked(packed, problems);
    else if (member.fault === "not-unpacked") limit(packed, problems);
    if (member.fault === "unreadable") addUnreadable(packed, inner, expansion);
    else expansion.files.push({ attachment: packed, content: null, forwarded: place.forwarded });
  }
  if (attachment.members.some(({ marks }) => marks.includes("encrypted"))) note(attachment, "encrypted");
  if (archive.fault === "limit") limit(attachment, problems);
  if (archive.fault === "encrypted") locked(attachment, problems);
  if (archive.fault === "damaged") {
    note(attachment, "not-unpacked");
    problems.add("undecodable-attachment");
  }
}

async function expandTnef(
  attachment: Attachment,
  content: PartContent,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  const { problems, keeper, budget } = expansion;
  if (place.level >= MAX_LEVEL || content.sizeBytes > MAX_HELD_BYTES) return limit(attachment, problems);
  const tnef = unpackTnef(await content.read(), Math.max(0, budget.members));
  if (tnef === null) return;
  if (tnef.body !== null && !place.forwarded && place.level === 0) expansion.texts.push(tnef.body);
  for (const [index, file] of tnef.files.entries()) {
    budget.members--;
    budget.bytes -= file.octets.length;
    const type = /^[\w.+-]{1,80}\/[\w.+-]{1,80}$/.test(file.type) ? file.type : "application/octet-stream";
    const packed = emptyAttachment(file.name, type, `${attachment.partId}>${index + 1}`);
    attachment.members.push(packed);
    describe(packed, file.octets);
    const kept = budget.bytes < 0 ? null : await keeper.keepOctets(file.octets);
    await expandContent(packed, kept, { ...place, level: place.level + 1 }, expansion);
  }
  if (tnef.cut) limit(attachment, problems);
  if (!tnef.intact) unreadable(attachment, problems);
}

async function expandSmime(
  attachment: Attachment,
  content: PartContent,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  const { problems, keeper } = expansion;
  if (content.sizeBytes > MAX_HELD_BYTES) {
    // What cannot be looked into may be encrypted as well as signed.
    if (SMIME.test(attachment.contentType)) problems.add("encrypted");
    return limit(attachment, problems);
  }
  const found = unpackSmime(await content.read());
  if (found.kind === "bare") return;
  if (found.kind === "encrypted" || found.kind === "unreadable") {
    note(attachment, found.kind);
    problems.add(SMIME.test(attachment.contentType) ? "encrypted" : "undecodable-attachment");
    return;
  }
  const kept = await keeper.keepOctets(found.entity);
  const entity = kept && (await parseEntity(attachment, kept, place, expansion));
  if (entity === null) return limit(attachment, problems);
  if (!place.forwarded) expansion.texts.push(...readBodies(entity, problems));
  const inner = { ...place, level: place.level + 1 };
  attachment.members = await expandMessage(entity, `${attachment.partId}>`, inner, expansion);
  attachment.role = "other";
}

/** The objects of an e-CMS document: the letter's pages, and its enclosures. */
async function expandDocument(
  attachment: Attachment,
  content: PartContent,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  const document = await readGovernmentDocument(content, expansion.keeper);
  if ("fault" in document) return;
  attachment.role = "main";
  const inner = { ...place, level: place.level + 1 };
  for (const object of document.objects) {
    const type = object.mimeCode === "" ? "application/octet-stream" : object.mimeCode;
    const packed = emptyAttachment(null, type, `${attachment.partId}>${object.place}`);
    attachment.members.push(packed);
    if (!object.intact) {
      addUnreadable(packed, inner, expansion);
      continue;
    }
    packed.sizeBytes = object.sizeBytes;
    packed.sha256 = object.sha256;
    if (object.role === "main") packed.role = "main";
    await expandContent(packed, object.content, inner, expansion);
  }
}

/** An attached message: its enclosures are the forwarded letter's. */
async function expandAttached(
  attachment: Attachment,
  message: MimeMessage,
  prefix: string,
  place: Place,
  expansion: Expansion,
): Promise<void> {
  expansion.messages.push(message);
  attachment.detectedType = "message/rfc822";
  attachment.role = "other";
  if ([...message.problems].some((problem) => problem !== "no-parts")) {
    unreadable(attachment, expansion.problems);
  }
  const inner = { ...place, forwarded: true, level: place.level + 1 };
  attachment.members = await expandMessage(message, prefix, inner, expansion);
}

function addUnreadable(attachment: Attachment, { forwarded }: Place, { files, problems }: Expansion): void {
  unreadable(attachment, problems);
  files.push({ attachment, content: null, forwarded });
}

/** Null, and marked, beyond what may be parsed. */
async function parseEntity(
  attachment: Attachment,
  content: PartContent,
  place: Place,
  expansion: Expansion,
): Promise<MimeMessage | null> {
  const { budget, keeper, problems } = expansion;
  if (place.level >= MAX_LEVEL || budget.members <= 0 || ++expansion.entities > MAX_ENTITIES) {
    limit(attachment, problems);
    return null;
  }
  const message = await parseContent(content, keeper, budget.members + 2);
  budget.members -= message.parts.length;
  return message;
}
