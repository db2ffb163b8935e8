import { inject, type TestContext, test } from "vitest";
import { adminQueries } from "../testing/arrivals.ts";
import { databaseForTest } from "../testing/database.ts";
import { openEars } from "./ears.ts";
import { openLog } from "./log.ts";

async function scene(context: TestContext) {
  const address = await databaseForTest(inject("testServer"), context);
  const query = adminQueries(context, address);
  const ears = openEars(address, "saraban_http", openLog("silent", "test"));
  context.onTestFinished(() => ears.stop());
  const listening = () =>
    query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and query like 'listen %'",
    );
  return { query, ears, listening };
}

/** A listener, and what it has heard. */
function listener() {
  const words: (string | null)[] = [];
  return { words, heard: (word: string | null): void => void words.push(word) };
}

test("one connection hears all channels of a process; each listener hears its own, and at first that it has to look", async (context) => {
  const { query, ears, listening } = await scene(context);
  const { expect } = context;
  const [early, other, late] = [listener(), listener(), listener()];
  ears.listen("early", early.heard);
  ears.listen("other", other.heard);
  await expect.poll(() => [early.words, other.words]).toEqual([[null], [null]]);
  const lateEar = ears.listen("early", late.heard);
  await expect.poll(() => late.words).toEqual([null]);
  await query("select pg_notify('early', 'word'), pg_notify('nobody', '')");
  await query("select pg_notify('other', '')");
  await expect.poll(() => other.words).toEqual([null, ""]);
  expect([early.words, late.words]).toEqual([
    [null, "word"],
    [null, "word"],
  ]);
  expect(await listening()).toHaveLength(1);
  lateEar.stop();
  await query("select pg_notify('early', 'more')");
  await expect.poll(() => early.words).toEqual([null, "word", "more"]);
  expect(late.words).toHaveLength(2);
});

test("a connection that is cut is opened again: everybody has to look, and hears as before", async (context) => {
  const { query, ears, listening } = await scene(context);
  const { expect } = context;
  const [one, two] = [listener(), listener()];
  ears.listen("one", one.heard);
  ears.listen("two", two.heard);
  await expect.poll(() => [one.words, two.words]).toEqual([[null], [null]]);
  const [cut] = await listening();
  await query("select pg_terminate_backend($1)", [cut?.pid]);
  // One that comes while the connection is away is served with the others.
  const three = listener();
  ears.listen("three", three.heard);
  await expect
    .poll(() => [one.words, two.words, three.words], { timeout: 10_000 })
    .toEqual([[null, null], [null, null], [null]]);
  await query("select pg_notify('one', '1'), pg_notify('three', '3')");
  await expect.poll(() => [one.words.at(-1), three.words.at(-1)]).toEqual(["1", "3"]);
  expect(two.words).toHaveLength(2);
  await ears.stop();
  await expect.poll(listening).toEqual([]);
});
