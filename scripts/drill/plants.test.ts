import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { plants } from "./plants.ts";

const changes = Object.entries(plants).flatMap(([name, { change }]) => (change ? [{ name, ...change }] : []));

it.each(changes)("$name changes one place of a file that is there", async ({ file, from }) => {
  const source = await readFile(new URL(`../..${file}`, import.meta.url), "utf8");
  expect(source.split(from)).toHaveLength(2);
});
