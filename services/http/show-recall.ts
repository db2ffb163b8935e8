import type { LineEvent } from "./line-store.ts";

/**
 * Whether the sender of a letter wants it back, and what was answered. Of a letter of our own that we want back ourselves;
 * what its recipients answer stands with each of them. @param events of its line, oldest first
 */
export function recallOf(events: readonly LineEvent[]) {
  const asked = events.findLast(({ what }) => what === "recall-requested");
  if (asked === undefined) return null;
  const answer = events
    .slice(events.indexOf(asked))
    .find(({ what }) => what === "recall-accepted" || what === "recall-refused");
  return {
    state: answer === undefined ? "requested" : answer.what === "recall-accepted" ? "accepted" : "refused",
    requestedAt: asked.madeAt,
    reason: asked.reason,
    details: asked.details,
    answeredAt: answer?.madeAt ?? null,
    answeredByName: answer?.madeByName ?? null,
  };
}
