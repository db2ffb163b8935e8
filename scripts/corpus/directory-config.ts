import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { projectDir, readJson } from "../../services/shared/runtime/settings.ts";
import type { DirectoryEntry } from "./expected.ts";

/**
 * Writes the agencies and partners of a directory as a service's own files: those marked as own are served, all others
 * known. Their e-CMS addresses are left out: nobody is there, and who sends to us gets our answers from his inbox here.
 * @returns the settings that name the files, by variable name
 */
export async function writeDirectory(
  dir: string,
  directory: readonly DirectoryEntry[],
): Promise<Record<string, string>> {
  const agencies = directory.filter(({ own }) => own).map(agencyOf);
  const partners = directory.filter(({ own }) => !own).map(partnerOf);
  const [agenciesFile, partnersFile] = [join(dir, "agencies.yaml"), join(dir, "partners.yaml")];
  await mkdir(dir, { recursive: true });
  // JSON is YAML too.
  await writeFile(agenciesFile, JSON.stringify({ agencies: agencies.map(knownTo("agencies")) }, null, 1));
  await writeFile(partnersFile, JSON.stringify({ partners: partners.map(knownTo("partners")) }, null, 1));
  return { SARABAN_AGENCIES_FILE: agenciesFile, SARABAN_PARTNERS_FILE: partnersFile };
}

function agencyOf(entry: DirectoryEntry) {
  const { domain, address, name, head, codeLetters, romanCode, organisationId } = entry;
  const label = domain.split(".")[0] as string;
  return {
    id: label.toLowerCase(),
    domain,
    mailbox: address.slice(0, address.indexOf("@")),
    nameThai: name,
    nameEnglish: label,
    receiverName: "เจ้าหน้าที่ทดสอบ งานสารบรรณ",
    ...(codeLetters === undefined ? {} : { letterCode: `${codeLetters} 0101` }),
    head,
    romanCode,
    organisationId,
  };
}

function partnerOf({ domain, name, head, codeLetters, romanCode, organisationId }: DirectoryEntry) {
  return { domain, nameThai: name, codeLetters, head, romanCode, organisationId };
}

interface ListSchema {
  readonly properties: Record<string, { readonly items: { readonly properties: Record<string, unknown> } }>;
}

function knownTo(list: "agencies" | "partners"): (row: object) => object {
  const schema = readJson(join(projectDir, `schemas/${list}.schema.json`)) as unknown as ListSchema;
  const names = schema.properties[list]?.items.properties ?? {};
  return (row) => Object.fromEntries(Object.entries(row).filter(([name]) => name in names));
}
