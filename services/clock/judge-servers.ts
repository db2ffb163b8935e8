import type { Filtered } from "./clock-filter.ts";
import type { ServerReport } from "./clock-fix.ts";
import type { PollReading } from "./poll-server.ts";
import { type Candidate, type Selection, selectServers } from "./select-servers.ts";

export interface NamedReading extends PollReading {
  readonly name: string;
}

interface Contender extends Candidate {
  readonly filtered: Filtered;
  readonly reading: NamedReading;
}

export interface Judged {
  readonly selection: Selection<Contender>;
  /** Best first; empty when the servers did not agree. */
  readonly survivors: readonly Contender[];
  readonly reports: readonly ServerReport[];
}

/** Says of each server what became of it, and selects among those that give a usable time. */
export function judgeServers(
  readings: readonly NamedReading[],
  limits: {
    readonly least: number;
    readonly maxRootDistanceMs: number;
    /** Local clock minus system clock: people want to read offsets against the latter. */
    readonly localMinusSystemMs: number;
  },
): Judged {
  const contenders: Contender[] = [];
  const excluded = new Map<string, ServerReport["state"]>();
  const addresses = new Set<string>();
  for (const reading of readings) {
    const { name, address, filtered, state } = reading;
    if (!filtered) {
      excluded.set(name, state === "answers" ? "silent" : state);
    } else if (address !== null && addresses.has(address)) {
      // Two names of one server would be two voices in the majority.
      excluded.set(name, "same");
    } else if (filtered.rootDistanceMs > limits.maxRootDistanceMs) {
      excluded.set(name, "distant");
    } else {
      if (address !== null) addresses.add(address);
      contenders.push({
        name,
        filtered,
        reading,
        offsetMs: filtered.offsetMs,
        errorBoundMs: filtered.errorBoundMs,
        rootDistanceMs: filtered.rootDistanceMs,
        jitterMs: filtered.jitterMs,
        stratum: filtered.sample.stratum,
      });
    }
  }
  const selection = selectServers(contenders, limits.least);
  const stateOf = (name: string): ServerReport["state"] => {
    const out = excluded.get(name);
    if (out !== undefined) return out;
    if (selection.kind === "none") return "unagreed";
    const named = (group: readonly Contender[]): boolean =>
      group.some((contender) => contender.name === name);
    if (named(selection.falsetickers)) return "falseticker";
    return named(selection.outliers) ? "outlier" : "used";
  };
  return {
    selection,
    survivors: selection.kind === "agreed" ? selection.survivors : [],
    reports: readings.map((reading) => reportOf(reading, stateOf(reading.name), limits.localMinusSystemMs)),
  };
}

function reportOf(
  reading: NamedReading,
  state: ServerReport["state"],
  localMinusSystemMs: number,
): ServerReport {
  const { name, address, reason, reach, pollSeconds, strangers, filtered } = reading;
  return {
    name,
    address,
    state,
    reason,
    reach,
    pollSeconds,
    strangers,
    offsetMs: filtered ? rounded(filtered.offsetMs + localMinusSystemMs) : null,
    delayMs: filtered ? rounded(filtered.delayMs) : null,
    dispersionMs: filtered ? rounded(filtered.dispersionMs) : null,
    jitterMs: filtered ? rounded(filtered.jitterMs) : null,
    rootDelayMs: filtered ? rounded(filtered.sample.rootDelayMs) : null,
    rootDispersionMs: filtered ? rounded(filtered.sample.rootDispersionMs) : null,
    rootDistanceMs: filtered ? rounded(filtered.rootDistanceMs) : null,
    errorBoundMs: filtered ? rounded(filtered.errorBoundMs) : null,
    stratum: filtered ? filtered.sample.stratum : null,
    leap: filtered ? filtered.sample.leap : null,
    referenceId: filtered ? filtered.sample.reference : null,
  };
}

/** To the microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
