import { userInfo } from "node:os";
import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { openProcessClock } from "./clock/process-clock.ts";
import { giveOneTimePassword } from "./http/people/change-password.ts";
import {
  addPerson,
  appoint,
  changePerson,
  endAnAppointment,
  endPersonSessions,
  resetTotp,
  unlockAddress,
  unlockPerson,
} from "./http/people/manage-people.ts";
import type { Doer, PeopleWork } from "./http/people/people-parts.ts";
import { findAppointment, findPerson, type PersonRow, servedAgencies } from "./http/people/person-store.ts";
import { Problem } from "./http/problem.ts";
import { isUuid } from "./http/read-parameters.ts";
import { findInstallation } from "./installation.ts";
import { openAccessKey } from "./shared/access/proofs/access-key.ts";
import { openPasswordHasher } from "./shared/access/proofs/password-hasher.ts";
import type { Tables } from "./shared/letter/tables.ts";
import { openDatabase } from "./shared/runtime/database.ts";
import { openLog } from "./shared/runtime/log.ts";
import { loadSettings, type Settings } from "./shared/runtime/settings.ts";
import { sayPeople, sayPerson, saySessions } from "./show-people.ts";
import {
  appointmentOf,
  OPTION_OF,
  personOf,
  USER_OPTIONS,
  UserOptionFault,
  type UserOptions,
} from "./user-options.ts";

const USE = `saraban user: use:
  user add ID --name "ชื่อ สกุล" [--email E] [--oidc-issuer URL --oidc-subject S]     a person; shows a one-time password
  user [list] [--json]; user show ID [--json]
  user appoint ID --right R [--agency A [--unit U]] [--level confidential|secret] --order "คำสั่งที่ …" --order-date D [--from D] [--until D]
  user end APPOINTMENT-ID --reason "…"
  user password ID                                      another one-time password; all sessions end
  user totp ID                                          takes the second factor away (a lost telephone); all sessions end
  user unlock ID, user unlock --address A               after failed sign-ins
  user disable ID, user enable ID                       out at once; in again
  user sessions ID [--json]; user revoke ID [--session SESSION-ID]
  rights: registry-clerk, registry-head, drafter, approver, classified-registrar, classified-assistant (these two with --level),
          auditor, administrator (these two without --agency: of the whole installation)
`;

/** Verbs, and whether an ID stands behind them. */
const VERBS: Readonly<Record<string, "id" | "none" | "either">> = {
  add: "id",
  list: "none",
  show: "id",
  appoint: "id",
  end: "id",
  password: "id",
  totp: "id",
  unlock: "either",
  disable: "id",
  enable: "id",
  sessions: "id",
  revoke: "id",
};

interface Desk extends PeopleWork {
  readonly settings: Settings;
  readonly doer: Doer;
  readonly options: UserOptions;
}

/**
 * `saraban user`: people who sign in, what orders appoint them for, their proofs of identity and sessions. Works under the role
 * saraban_access, as the HTTP doors do, and is written down in the audit log under the name of the system's user.
 */
export const run: RunCommand = async (args) => {
  const { values: options, positionals } = parseArgs({
    args: [...args],
    options: USER_OPTIONS,
    allowPositionals: true,
  });
  // `totp reset ID` and `totp ID` are the same.
  const [verb = "list", ...rest] =
    positionals[0] === "totp" && positionals[1] === "reset" ? ["totp", ...positionals.slice(2)] : positionals;
  const [id, ...more] = rest;
  const takes = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (
    takes === undefined ||
    more.length > 0 ||
    (takes === "id" && id === undefined) ||
    (takes === "none" && id !== undefined)
  )
    return wrongUse();
  const settings = loadSettings();
  const log = openLog(settings.log.level, "user");
  const address = findInstallation(settings);
  const database = openDatabase<Tables>(address, "saraban_access", 2, log);
  const clock = await openProcessClock(settings.clock, address, "saraban_http", log);
  try {
    const desk: Desk = {
      database,
      settings,
      options,
      log,
      now: clock.now,
      key: await openAccessKey(settings.dataDir, log),
      hasher: openPasswordHasher(),
      doer: { actor: `operator:${userInfo().username}`, door: "cli" },
    };
    if (verb === "list") return await sayPeople(database, options.json === true);
    if (verb === "add") return await add(desk, id as string);
    if (verb === "end") return await end(desk, id as string);
    if (verb === "unlock" && id === undefined) return await unlockAt(desk);
    const person = await findPerson(database, id as string);
    if (person === undefined) return noSuchPerson(id as string);
    return await act(desk, verb, person);
  } catch (error) {
    if (error instanceof UserOptionFault) return wrongUse(error.message);
    if (!(error instanceof Problem)) throw error;
    for (const { pointer = "", th, en } of error.faults) {
      const member = pointer.slice(1);
      process.stderr.write(`saraban user: ${OPTION_OF[member] ?? `--${member}`}: ${th} (${en})\n`);
    }
    return 64;
  } finally {
    await clock.stop();
    await database.destroy();
  }
};

async function add(desk: Desk, id: string): Promise<number> {
  const added = await addPerson(desk, desk.doer, personOf(id, desk.options));
  if (added.inUse !== null) {
    process.stderr.write(
      added.inUse === "id"
        ? `saraban user: the id ${id} is in use, be it by somebody who is gone or by a clerk's token: acts are signed with it. Take another one\n`
        : "saraban user: somebody else is bound to this subject of the OpenID provider\n",
    );
    return 1;
  }
  if (added.password === null) return say(`${id} signs in by the OpenID provider; appoint the person next.`);
  return sayPassword(desk, id, added.password);
}

async function act(desk: Desk, verb: string, person: PersonRow): Promise<number> {
  const { doer, options, database, settings, now } = desk;
  const { id } = person;
  switch (verb) {
    case "show":
      return sayPerson(person, options.json === true);
    case "appoint":
      return appointPerson(desk, id);
    case "password":
      return sayPassword(desk, id, (await giveOneTimePassword(desk, doer, id)).password);
    case "totp":
      return (await resetTotp(desk, doer, id))
        ? say(
            `${id} has no second factor any more, and sets up another one after the next sign-in. All sessions are over.`,
          )
        : fail(`${id} has no second factor`);
    case "unlock":
      return say((await unlockPerson(desk, doer, id)) ? `${id} may try again.` : `${id} was not locked.`);
    case "disable":
    case "enable": {
      await changePerson(desk, doer, id, { active: verb === "enable" });
      return say(
        verb === "enable"
          ? `${id} may sign in.`
          : `${id} is out: all sessions are over, and no appointment is in force.`,
      );
    }
    case "sessions":
      return saySessions(database, id, now().at, settings.access.sessionIdleMinutes, options.json === true);
    default: {
      const { session } = options;
      if (session !== undefined && !isUuid(session))
        throw new UserOptionFault("--session is the id of a session");
      const ended = await endPersonSessions(desk, doer, id, session === undefined ? {} : { only: session });
      return ended === 0
        ? fail(`no such session of ${id} is open`)
        : say(`${ended} session(s) of ${id} are over.`);
    }
  }
}

async function appointPerson(desk: Desk, personId: string): Promise<number> {
  const asked = appointmentOf(personId, desk.options);
  const agencies = await servedAgencies(desk.database);
  if (asked.agencyId !== null && !agencies.includes(asked.agencyId))
    throw new UserOptionFault(
      `there is no agency ${asked.agencyId}; --agency is one of ${agencies.join(", ")}`,
    );
  const id = await appoint(desk, desk.doer, asked);
  if (desk.options.json === true) process.stdout.write(`${JSON.stringify({ id })}\n`);
  else process.stdout.write(`${id}\n`);
  process.stderr.write(
    `This is the appointment of ${personId}; saraban user end ${id} --reason "…" ends it.\n`,
  );
  return 0;
}

async function end(desk: Desk, id: string): Promise<number> {
  const reason = desk.options.reason?.trim() ?? "";
  if (reason === "") throw new UserOptionFault("--reason says why it ends");
  const found = isUuid(id) ? await findAppointment(desk.database, id) : undefined;
  if (found === undefined)
    return fail(`there is no appointment ${id}; saraban user show ID lists a person's`);
  if (!(await endAnAppointment(desk, desk.doer, id, found, reason))) return fail("it has ended before");
  return say(`${found.personId} is not appointed by it any more.`);
}

async function unlockAt(desk: Desk): Promise<number> {
  const { address } = desk.options;
  if (address === undefined) return wrongUse();
  return say(
    (await unlockAddress(desk, desk.doer, address))
      ? `${address} may try again.`
      : `${address} was not locked.`,
  );
}

/** The password alone on stdout, so that a script can put it where it belongs. */
function sayPassword({ options }: Desk, id: string, password: string): number {
  process.stdout.write(
    options.json === true ? `${JSON.stringify({ id, oneTimePassword: password })}\n` : `${password}\n`,
  );
  process.stderr.write(
    `This is a one-time password of ${id}, shown this once: to be changed at the next sign-in, within 24 hours.\n`,
  );
  return 0;
}

function say(words: string): number {
  process.stdout.write(`${words}\n`);
  return 0;
}

function fail(words: string): number {
  process.stderr.write(`saraban user: ${words}\n`);
  return 1;
}

function wrongUse(words?: string): number {
  process.stderr.write(words === undefined ? USE : `saraban user: ${words}\n`);
  return 64;
}

function noSuchPerson(id: string): number {
  return fail(`there is no person ${id}; saraban user list shows them all`);
}
