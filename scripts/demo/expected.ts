import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a correct service must conclude from one file; the form is that of the shared corpus's expected.json. */
export interface ExpectedMail {
  readonly file: string;
  readonly kind: string;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly outcome: ExpectedOutcome;
  readonly alsoAcceptable?: readonly ExpectedOutcome[];
  readonly acknowledge: boolean;
  readonly registrations: number;
  readonly letter: ExpectedLetter | null;
  /** Where the letter's facts stand: subject, body, pdf, filename, xml. */
  readonly where: readonly string[];
  readonly after?: readonly string[];
  readonly precondition?: unknown;
  readonly messages?: number;
  readonly mustNotContain?: readonly string[];
  readonly mustContainLine?: string;
  readonly smtpUtf8?: boolean;
  readonly why: string;
}

export type ExpectedOutcome =
  | "register"
  | "duplicate"
  | "possible-duplicate"
  | "ignore"
  | "triage"
  | "refuse";

/** null: cannot be derived from the file, and not compared; but a number or a date must not be invented. */
export interface ExpectedLetter {
  readonly number: string | null;
  readonly date: string | null;
  readonly subject: string | null;
  readonly from: string | null;
  readonly to: string | null;
  readonly urgency: string | null;
  readonly secrecy: string | null;
}

/** A file to be sent. */
export interface DemoMail {
  readonly expected: ExpectedMail;
  readonly octets: Buffer;
}

/** The folder of letters: the shared corpus where it lies beside the repository, else our own samples. */
export function chooseLetters(projectDir: string, given: string | undefined): string {
  if (given !== undefined) return given;
  const corpus = join(projectDir, "../shared/corpus");
  return existsSync(join(corpus, "expected.json")) ? corpus : join(projectDir, "samples");
}

export async function loadMails(folder: string): Promise<DemoMail[]> {
  const { mail } = JSON.parse(await readFile(join(folder, "expected.json"), "utf8")) as {
    mail: ExpectedMail[];
  };
  return Promise.all(
    mail.map(async (expected) => ({ expected, octets: await readFile(join(folder, expected.file)) })),
  );
}

/** Whether a message needs no more than its subject and text body. */
export function needsOnlyText({ where }: ExpectedMail): boolean {
  return where.includes("body") || where.every((place) => place === "subject");
}

/**
 * Each file is to be judged alone on an empty database, after the files it names. So files may share a database as long
 * as none resembles another that it does not name: same agency and number and no different date. Those that do go into
 * another round, on a database of their own.
 * @returns rounds; in each, a file stands behind those that it names
 */
export function planRounds(mails: readonly DemoMail[]): DemoMail[][] {
  const byFile = new Map(mails.map((mail) => [mail.expected.file, mail]));
  const rounds: DemoMail[][] = [];
  for (const mail of mails) {
    if (rounds.some((round) => round.includes(mail))) continue;
    const group = withEarlier(mail, byFile);
    const fits = (round: readonly DemoMail[]): boolean =>
      group.every((member) => round.every((other) => group.includes(other) || !resemble(member, other)));
    const round = rounds.find(fits);
    if (round) round.push(...group.filter((member) => !round.includes(member)));
    else rounds.push([...group]);
  }
  return rounds;
}

function withEarlier(mail: DemoMail, byFile: ReadonlyMap<string, DemoMail>): DemoMail[] {
  const earlier = (mail.expected.after ?? []).flatMap((file) => {
    const found = byFile.get(file);
    return found ? withEarlier(found, byFile) : [];
  });
  return [...new Set([...earlier, mail])];
}

function resemble(a: DemoMail, b: DemoMail): boolean {
  if (related(a, b) || related(b, a)) return false;
  if (a.octets.equals(b.octets)) return true;
  const [one, other] = [a.expected.letter, b.expected.letter];
  if (!one || !other || one.number === null || one.number !== other.number) return false;
  return one.date === null || other.date === null || one.date === other.date;
}

/** Files that go in after the same first file belong together too: the first is before both. */
function related(a: DemoMail, b: DemoMail): boolean {
  const after = a.expected.after ?? [];
  return after.includes(b.expected.file) || after.some((file) => b.expected.after?.includes(file));
}
