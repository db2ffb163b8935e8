import { openAccessKey } from "../../shared/access/proofs/access-key.ts";
import { openBreachedPasswords } from "../../shared/access/proofs/breached-passwords.ts";
import { type GuessCost, openGuessCost } from "../../shared/access/proofs/guess-password.ts";
import { openPasswordHasher } from "../../shared/access/proofs/password-hasher.ts";
import type { TrustedNow } from "../../shared/letter/stamp.ts";
import type { Tables } from "../../shared/letter/tables.ts";
import type { Kysely } from "../../shared/runtime/database.ts";
import type { Log } from "../../shared/runtime/log.ts";
import { fromProject, type Settings, SettingsError } from "../../shared/runtime/settings.ts";
import { type OidcClient, openOidcClient } from "./oidc-client.ts";
import type { PeopleParts } from "./people-parts.ts";

/** What of the settings it takes to know people. */
export interface PeopleSettings {
  readonly dataDir: string;
  readonly http: Pick<Settings["http"], "publicUrl">;
  readonly access: Settings["access"];
}

export interface OpenedPeople extends PeopleParts {
  readonly oidc: OidcClient | null;
}

/**
 * What the doors need to know people by.
 * @param database under the role saraban_access
 * @throws SettingsError when the file of breached passwords is none
 */
export async function openPeople(
  { dataDir, http, access }: PeopleSettings,
  database: Kysely<Tables>,
  now: TrustedNow,
  log: Log,
): Promise<OpenedPeople> {
  const { breachedPasswordsFile: file, oidc } = access;
  const isBreached =
    file === ""
      ? async () => false
      : await openBreachedPasswords(fromProject(file)).catch((cause: Error) => {
          throw new SettingsError([`access.breachedPasswordsFile: ${cause.message}`]);
        });
  let guessCost: GuessCost | undefined;
  return {
    database,
    now,
    log,
    key: await openAccessKey(dataDir, log),
    hasher: openPasswordHasher(),
    settings: access,
    publicUrl: http.publicUrl,
    lists: {
      isBreached,
      // Read when somebody first chooses a password: most starts never need it.
      guessCost(password, known) {
        guessCost ??= openGuessCost();
        return guessCost(password, known);
      },
    },
    oidc: openOidcClient(oidc, log),
  };
}
