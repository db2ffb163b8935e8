import { type CorpusMail, type ExpectedAttachment, earlierOf } from "./expected.ts";

/** A file of a round. */
export interface PlannedMail {
  readonly mail: CorpusMail;
  /** It only goes in because another file names it; it is judged in another round. */
  readonly setup: boolean;
}

/**
 * Each file is to be judged alone on an empty database, after the files it names. So files may share a database as long
 * as none could be taken for a repetition of another that it does not name: the same letter number, Message-ID,
 * attached file, or sender and subject. Those that do go into another round, on a database of their own; what they name
 * goes in there once more.
 * @param all the files that may be named; those that are not to be judged themselves only go in before others
 * @returns rounds; in each, a file stands behind those that it names; every file is judged in exactly one
 */
export function planRounds(
  mails: readonly CorpusMail[],
  all: readonly CorpusMail[] = mails,
): PlannedMail[][] {
  const byFile = new Map(all.map((mail) => [mail.expected.file, mail]));
  const marks = new Map(all.map((mail) => [mail, marksOf(mail)]));
  const resemble = (a: CorpusMail, b: CorpusMail): boolean =>
    [...(marks.get(a) ?? [])].some((mark) => marks.get(b)?.has(mark));
  const rounds: PlannedMail[][] = [];
  const judged = new Set<CorpusMail>();
  for (const mail of mails) {
    if (judged.has(mail)) continue;
    const group = withEarlier(mail, byFile);
    const fits = (round: readonly PlannedMail[]): boolean =>
      round.every(
        ({ mail: other }) => group.includes(other) || !group.some((member) => resemble(member, other)),
      );
    const round = rounds.find(fits) ?? [];
    if (round.length === 0) rounds.push(round);
    for (const member of group) {
      if (round.some((there) => there.mail === member)) continue;
      round.push({ mail: member, setup: judged.has(member) || !mails.includes(member) });
      judged.add(member);
    }
  }
  return rounds;
}

function withEarlier(mail: CorpusMail, byFile: ReadonlyMap<string, CorpusMail>): CorpusMail[] {
  const earlier = earlierOf(mail.expected).flatMap((file) => {
    const found = byFile.get(file);
    return found ? withEarlier(found, byFile) : [];
  });
  return [...new Set([...earlier, mail])];
}

/** What a service may know a repetition by. */
function marksOf({ expected, octets }: CorpusMail): Set<string> {
  const { letter, attachments = [] } = expected;
  const messageId = /^message-id:[ \t]*(?:\r\n[ \t]+)?(<[^>\r\n]{1,300}>)/im.exec(
    octets.toString("latin1"),
  )?.[1];
  const words = letter?.subject && letter.from ? [`words ${letter.from} ${letter.subject}`] : [];
  return new Set([
    `octets ${octets.toString("latin1")}`,
    ...(letter?.number ? [`number ${letter.number}`] : []),
    ...(messageId === undefined ? [] : [`id ${messageId}`]),
    ...words,
    ...filesOf(attachments).map((sha256) => `file ${sha256}`),
  ]);
}

function filesOf(attachments: readonly ExpectedAttachment[]): string[] {
  return attachments.flatMap(({ sha256, inline, contains = [] }) => [
    // The same logo stands in many letters of one office.
    ...(sha256 === null || inline ? [] : [sha256]),
    ...filesOf(contains),
  ]);
}
