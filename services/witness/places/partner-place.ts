import type { Place, ToldCheckpoint } from "./place.ts";
import { TELL_WITHIN_MS } from "./place.ts";

/** What a partner's service is sent (POST /api/v1/witness/checkpoints): schemas/api/witness.schema.json. */
interface WitnessRequest {
  readonly checkpoint: string;
  /** Size of the tree that the partner knows of, and the proof that this one begins with it (RFC 9162 §2.1.4). */
  readonly from: number;
  readonly proof: readonly string[];
}

/** Makes the proof that a tree begins with a smaller one, of which some checkpoint was made. */
export type ProveConsistency = (from: number, treeSize: number) => Promise<readonly string[]>;

const MOST_TRIES = 2;

/**
 * Another agency's service: it keeps each checkpoint that follows from the one before, and refuses one that does not. Which one
 * it has it says itself (409), so that nothing of it has to be remembered here.
 */
export function partnerPlace(url: string, proveConsistency: ProveConsistency): Place {
  let known = 0;
  return {
    name: url,
    wantsAll: false,
    async tell(checkpoints) {
      const newest = checkpoints.at(-1);
      if (newest === undefined) return;
      for (let tries = 0; tries < MOST_TRIES; tries++) {
        const answer = await send(url, await requestOf(newest));
        if (answer.status === 200 || answer.status === 201) {
          known = newest.treeSize;
          return;
        }
        const has = answer.status === 409 ? answer.treeSize : undefined;
        if (has === undefined || has > newest.treeSize)
          throw new Error(
            has === undefined
              ? `it answered ${answer.status} ${answer.code}`
              : `it knows a log of ${has} events, and this one has ${newest.treeSize}: events are missing here`,
          );
        known = has;
      }
      throw new Error("it does not say twice which checkpoint it has");
    },
  };

  async function requestOf({ treeSize, jws }: ToldCheckpoint): Promise<WitnessRequest> {
    const from = known > treeSize ? 0 : known;
    const proof = from === 0 || from === treeSize ? [] : await proveConsistency(from, treeSize);
    return { checkpoint: jws, from, proof };
  }
}

interface Answer {
  readonly status: number;
  /** Of the newest checkpoint that it has. */
  readonly treeSize: number | undefined;
  readonly code: string;
}

async function send(url: string, body: WitnessRequest): Promise<Answer> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(TELL_WITHIN_MS),
  });
  // A few lines at most; a server that sends more is not read to its end.
  const text = (await response.text()).slice(0, 10_000);
  const said = jsonOf(text);
  const { treeSize, code } = said;
  return {
    status: response.status,
    treeSize: Number.isSafeInteger(treeSize) && (treeSize as number) > 0 ? (treeSize as number) : undefined,
    code: typeof code === "string" ? code.slice(0, 100) : "",
  };
}

function jsonOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
