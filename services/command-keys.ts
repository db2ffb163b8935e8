import { parseArgs } from "node:util";
import type { RunCommand } from "./cli.ts";
import { findInstallation } from "./installation.ts";
import { checkKeys, type GroupChecked } from "./shared/closed/check-keys.ts";
import {
  CLOSED_LEVELS,
  type ClosedLevel,
  KeyFault,
  type KeyPlace,
  type KeyProvider,
  type KeyVersion,
} from "./shared/closed/key-provider.ts";
import { openKeyProvider } from "./shared/closed/open-key-provider.ts";
import { type RewrapResult, rewrapKeys } from "./shared/closed/rewrap-keys.ts";
import type { WrappedKeys } from "./shared/closed/wrapped-keys.ts";
import {
  openWrappedKeys,
  sealedPlaces,
  sealedWords,
  servedAgencies,
} from "./shared/closed/wrapped-keys-store.ts";
import { textTable } from "./shared/letter/book-table.ts";
import { openAdminPool } from "./shared/runtime/database.ts";
import { loadSettings } from "./shared/runtime/settings.ts";

const USE = `saraban keys: use:
  keys list [--json]                              the keys that wrap those of classified letters, by agency, level, version
  keys rotate AGENCY LEVEL [--continue] [--json]  makes a new version and wraps all keys of that agency and level with it;
                                                  --continue: no new version, what an interrupted one left. LEVEL:
                                                  ${CLOSED_LEVELS.join(", ")}
  keys check [--every] [--json]                   whether what is sealed can be opened, by one key of each version, or by
                                                  every one; exit code 1 when not
`;
const PROGRESS_EVERY = 1000;

interface Tools {
  readonly provider: KeyProvider;
  readonly keys: WrappedKeys;
  readonly json: boolean;
}

/** `saraban keys`: the keys of classified letters. Opens no letter, and shows no key. */
export const run: RunCommand = async (args) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean", default: false },
      continue: { type: "boolean", default: false },
      every: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  const [verb = "list", agencyId, level, ...more] = positionals;
  const isRotate = verb === "rotate";
  const isUsed = more.length === 0 && (isRotate ? level !== undefined : agencyId === undefined);
  const fits = (isRotate || !values.continue) && (verb === "check" || !values.every);
  if (!["list", "rotate", "check"].includes(verb) || !isUsed || !fits) return wrongUse(USE);
  const settings = loadSettings();
  const pool = openAdminPool(findInstallation(settings));
  let provider: KeyProvider | undefined;
  try {
    provider = openKeyProvider(settings, (place) => sealedWords(pool, place));
    const tools = { provider, keys: openWrappedKeys(pool), json: values.json };
    const agencies = await servedAgencies(pool);
    const served = agencies.flatMap((each) => CLOSED_LEVELS.map((of) => ({ agencyId: each, level: of })));
    // Agencies that are served no more have letters that must open all the same.
    const places = withOthers(served, await sealedPlaces(pool));
    if (verb === "list") return await list(places, tools);
    if (verb === "check") return await check(places, tools, values.every);
    const place = places.find((each) => each.agencyId === agencyId && each.level === level);
    if (place) return await rotate(place, tools, values.continue);
    if (!CLOSED_LEVELS.includes(level as ClosedLevel))
      return wrongUse(`a level is one of ${CLOSED_LEVELS.join(", ")}\n`);
    return wrongUse(`there is no agency ${agencyId}; there are ${agencies.join(", ")}\n`);
  } catch (error) {
    if (!(error instanceof KeyFault)) throw error;
    process.stderr.write(`saraban keys: ${error.message}\n`);
    return error.fault === "lost" || error.fault === "damaged" ? 1 : 69;
  } finally {
    provider?.close();
    await pool.end();
  }
};

function withOthers(served: readonly KeyPlace[], sealed: readonly KeyPlace[]): KeyPlace[] {
  const isServed = (place: KeyPlace): boolean =>
    served.some(({ agencyId, level }) => agencyId === place.agencyId && level === place.level);
  return [...served, ...sealed.filter((place) => !isServed(place))];
}

async function list(places: readonly KeyPlace[], { provider, keys, json }: Tools): Promise<number> {
  const found: (KeyPlace & KeyVersion & { keys: number; letters: number })[] = [];
  for (const place of places) {
    const groups = await keys.groups(place);
    for (const version of await provider.versions(place)) {
      const { keys: wrapped = 0, letters = 0 } = groups.find(({ prefix }) => prefix === version.prefix) ?? {};
      found.push({ ...place, ...version, keys: wrapped, letters });
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(found)}\n`);
  else if (found.length === 0)
    process.stdout.write("There is no key yet: the first classified letter makes one.\n");
  else {
    const rows = found.map((each) => [
      each.agencyId,
      each.level,
      each.prefix.slice(0, -1),
      each.newest ? "wraps" : "opens",
      each.madeAt.toISOString().slice(0, 10),
      String(each.letters),
      String(each.keys),
    ]);
    process.stdout.write(
      textTable([["agency", "level", "key", "state", "since", "letters", "wrapped keys"], ...rows]),
    );
  }
  return 0;
}

async function check(places: readonly KeyPlace[], tools: Tools, everyKey: boolean): Promise<number> {
  const { provider, keys, json } = tools;
  const trouble = await provider.trouble();
  const checked: (KeyPlace & GroupChecked)[] = [];
  if (trouble === null) {
    for (const place of places) {
      for (const group of await checkKeys(place, provider, keys, everyKey))
        checked.push({ ...place, ...group });
    }
  }
  const isWell = trouble === null && checked.every((each) => each.trouble === null);
  if (json) process.stdout.write(`${JSON.stringify({ ok: isWell, trouble, keys: checked })}\n`);
  else {
    if (trouble !== null) process.stdout.write(`${trouble}\n`);
    for (const each of checked) process.stdout.write(`${lineOf(each)}\n`);
    if (trouble === null && checked.length === 0) process.stdout.write("Nothing is sealed yet.\n");
  }
  return isWell ? 0 : 1;
}

function lineOf({
  agencyId,
  level,
  prefix,
  letters,
  keys,
  tried,
  failed,
  state,
  trouble,
}: KeyPlace & GroupChecked): string {
  const which = `${agencyId}, ${level}, ${prefix.slice(0, -1)}: ${letters} ${letters === 1 ? "letter" : "letters"}, ${keys} wrapped keys`;
  if (trouble !== null)
    return `${which}: ${state.toUpperCase()}${tried > 0 ? ` (${failed} of ${tried} tried)` : ""}: ${trouble}`;
  const older =
    state === "older" ? `; a newer key is there: saraban keys rotate ${agencyId} ${level} --continue` : "";
  return `${which}: ${tried} tried, opened${older}`;
}

async function rotate(
  place: KeyPlace,
  { provider, keys, json }: Tools,
  isContinued: boolean,
): Promise<number> {
  const version = isContinued ? null : await provider.rotate(place);
  const which = `${place.agencyId}, ${place.level}`;
  if (version !== null && !json) process.stdout.write(`${which}: version ${version} wraps from now on.\n`);
  let told = 0;
  const result = await rewrapKeys({
    place,
    provider,
    keys,
    progress(lookedAt) {
      if (lookedAt - told < PROGRESS_EVERY) return;
      told = lookedAt;
      process.stderr.write(`saraban keys: ${lookedAt} keys looked at\n`);
    },
  });
  if (json) process.stdout.write(`${JSON.stringify({ ...place, version, ...result })}\n`);
  else process.stdout.write(resultText(which, result));
  return result.failed.length === 0 ? 0 : 1;
}

function resultText(which: string, { rewrapped, changed, failed }: RewrapResult): string {
  const lines = [`${which}: ${rewrapped} keys wrapped anew; older versions go on opening what backups hold.`];
  if (changed > 0) lines.push(`${changed} were changed by somebody else meanwhile.`);
  for (const { subject, why } of failed) lines.push(`${subject}: left as it was: ${why}`);
  return `${lines.join("\n")}\n`;
}

function wrongUse(words: string): number {
  process.stderr.write(words === USE ? USE : `saraban keys: ${words}`);
  return 64;
}
