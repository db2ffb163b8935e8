import { expect, test } from "vitest";
import type { JobName } from "./flow.ts";
import type { TakenJob } from "./take-work-store.ts";
import { openWorkPlaces } from "./work-places.ts";

let ids = 0;

function taken(job: JobName, subjectId: string, workKey = subjectId): TakenJob {
  ids += 1;
  return { outboxId: ids, job, queue: "registry", agencyId: "agency-a", subjectId, workKey };
}

const letter = (subjectId: string, book: string): TakenJob => taken("register-letter", subjectId, book);

/** Places whose work ends when the test says so. */
function openPlaces(places: number) {
  const begun: { readonly subjectId: string; end(): Promise<void> }[] = [];
  let freed = 0;
  const work = openWorkPlaces(
    places,
    (_, { subjectId }) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const end = async (): Promise<void> => {
        resolve();
        await new Promise((next) => setImmediate(next));
      };
      begun.push({ subjectId, end });
      return promise;
    },
    () => {
      freed += 1;
    },
  );
  return { ...work, begun, subjects: () => begun.map(({ subjectId }) => subjectId), freed: () => freed };
}

test("no more is done at once than there are places; what waits goes on as they become free", async () => {
  const { begin, begun, subjects, free, isIdle, freed } = openPlaces(2);
  expect([free(), isIdle()]).toEqual([2, true]);
  begin([taken("do-act", "a"), taken("do-act", "b"), taken("do-act", "c")]);
  expect([subjects(), free(), isIdle()]).toEqual([["a", "b"], 0, false]);
  await begun[1]?.end();
  expect([subjects(), free(), freed()]).toEqual([["a", "b", "c"], 0, 1]);
  await begun[0]?.end();
  await begun[2]?.end();
  expect([free(), isIdle(), freed()]).toEqual([2, true, 3]);
});

test("a book is drained by one at a time, and once more for all that came meanwhile", async () => {
  const { begin, begun, subjects, free } = openPlaces(3);
  begin([letter("a1", "a"), letter("b1", "b"), letter("a2", "a")]);
  // The newest of a book's letters stands for them.
  expect(subjects()).toEqual(["a2", "b1"]);
  begin([letter("a3", "a")]);
  begin([letter("a5", "a"), letter("a4", "a")]);
  // It takes no place while its book has one.
  expect([subjects(), free()]).toEqual([["a2", "b1"], 1]);
  await begun[0]?.end();
  expect(subjects()).toEqual(["a2", "b1", "a4"]);
  await begun[2]?.end();
  expect([subjects(), free()]).toEqual([["a2", "b1", "a4"], 2]);
});

test("news for work under way has it done once more, and not twice at once", async () => {
  const { begin, begun, subjects } = openPlaces(2);
  begin([taken("do-act", "a")]);
  begin([taken("do-act", "a"), taken("record-recall", "a")]);
  begin([taken("do-act", "a")]);
  expect(subjects(), "another job for the same subject is other work").toEqual(["a", "a"]);
  await begun[0]?.end();
  expect(subjects()).toEqual(["a", "a", "a"]);
  await begun[2]?.end();
  expect(subjects()).toHaveLength(3);
});

test("it is said of all that is ours, and only after the time, that it still is", async () => {
  const { begin, begun, keep } = openPlaces(1);
  const jobs = [taken("do-act", "a"), taken("do-act", "b")];
  begin(jobs);
  const kept: number[][] = [];
  const note = async (rows: readonly number[]): Promise<void> => void kept.push([...rows]);
  await keep(10_000, note);
  expect(kept).toEqual([]);
  await keep(0, note);
  expect(kept).toEqual([jobs.map(({ outboxId }) => outboxId)]);
  await begun[0]?.end();
  await keep(0, note);
  expect(kept[1]).toEqual([jobs[1]?.outboxId]);
  // One that could not be kept is tried again.
  await expect(keep(0, () => Promise.reject(new Error("away")))).rejects.toThrow("away");
  await keep(0, note);
  expect(kept).toHaveLength(3);
});

test("closing begins nothing more, names what was not begun, and waits for what is under way", async () => {
  const { begin, begun, subjects, close, ended, free } = openPlaces(1);
  const waiting = [taken("do-act", "b"), letter("c", "book"), letter("d", "book")];
  begin([taken("do-act", "a"), ...waiting]);
  expect(close()).toEqual(waiting.map(({ outboxId }) => outboxId));
  const late = taken("do-act", "e");
  begin([late]);
  expect([close(), free()]).toEqual([[late.outboxId], 0]);
  let isOver = false;
  const over = ended().then(() => {
    isOver = true;
  });
  await new Promise((next) => setImmediate(next));
  expect(isOver).toBe(false);
  await begun[0]?.end();
  await over;
  expect(subjects()).toEqual(["a"]);
});
