import type { FactFound, FactName } from "./compare-letter.ts";
import type { Judgement } from "./judge.ts";

/** The table: a line for each file with what was expected and what came, and below the lines that differ, why. */
export function judgementTable(judgements: readonly Judgement[]): string[] {
  const rows = judgements.map(({ file, expected, outcome, differences }) => [
    file,
    expected,
    outcome,
    differences.length === 0 ? "yes" : "NO",
  ]);
  const table = alignedRows([["file", "expected", "got", "equal"], ...rows]);
  const lines = [table[0] as string];
  for (const [index, { differences }] of judgements.entries())
    lines.push(table[index + 1] as string, ...differences.map((difference) => `    ${difference}`));
  return lines;
}

/** Notes, each once with the files that it is of. */
export function noteLines(judgements: readonly Judgement[]): string[] {
  const noted = new Map<string, string[]>();
  for (const { file, notes } of judgements)
    for (const note of notes) noted.set(note, [...(noted.get(note) ?? []), file]);
  return [...noted].flatMap(([note, files]) => ["", `Note: ${note}:`, `  ${files.join(", ")}`]);
}

const FIELDS: readonly FactName[] = ["number", "date", "subject", "from", "to", "urgency", "secrecy"];

/** How well each fact was found, altogether and by the place that the service read it in. */
export function accuracyTable(judgements: readonly Judgement[]): string[] {
  const facts = judgements.flatMap((judgement) => judgement.facts);
  const rows = FIELDS.map((name) => {
    const own = facts.filter(({ field }) => field === name);
    const counted = (verdict: FactFound["verdict"]) =>
      String(own.filter((fact) => fact.verdict === verdict).length);
    const share = own.length === 0 ? "-" : `${((100 * Number(counted("right"))) / own.length).toFixed(1)} %`;
    return [name, share, counted("right"), counted("wrong"), counted("missing"), bySource(own)];
  });
  return alignedRows([
    ["fact", "accuracy", "right", "wrong", "missing", "by source (right/read there)"],
    ...rows,
  ]);
}

function bySource(facts: readonly FactFound[]): string {
  const read = Map.groupBy(
    facts.filter(({ verdict }) => verdict !== "missing"),
    ({ source }) => source,
  );
  const shares = [...read].map(([source, own]) => ({
    source,
    right: own.filter(({ verdict }) => verdict === "right").length,
    all: own.length,
  }));
  return shares
    .sort((a, b) => b.all - a.all)
    .map(({ source, right, all }) => `${source === "-" ? "not said" : source} ${right}/${all}`)
    .join(", ");
}

function alignedRows(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
