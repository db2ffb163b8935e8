import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFileKeys } from "./file-key-provider.ts";
import { closedKeyFolder } from "./key-files.ts";
import { KeyFault, type KeyProvider, wrappedVersion } from "./key-provider.ts";

const place = { agencyId: "agency-a", level: "secret" } as const;
const letter = { ...place, subject: "0197f1c2-3a00-7000-8000-000000000001" };
const FIRST = "agency-a.secret.v1.json";

let root: string;
let count = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "closed-keys-"));
});
afterAll(() => rm(root, { recursive: true }));

const newFolder = (): string => closedKeyFolder(join(root, String(count++)));
const keysIn = (folder: string, sealed: string | null = null): KeyProvider =>
  openFileKeys({ folder, usedBy: async () => sealed });
const faultOf = async (work: Promise<unknown>): Promise<KeyFault> => {
  const error = await work.then(
    () => null,
    (caught: unknown) => caught,
  );
  if (error instanceof KeyFault) return error;
  throw new Error(`not a KeyFault: ${String(error)}`);
};

describe("a key file", () => {
  test("is made with the first letter, for this user alone, and opens what it wrapped after a start", async () => {
    const folder = newFolder();
    const { key, wrapped } = await keysIn(folder).newDataKey(letter);
    expect(key).toHaveLength(32);
    expect(wrapped).toMatch(/^file:v1:[0-9a-f]{16}:[A-Za-z0-9_-]{80}$/);
    expect(wrappedVersion(wrapped)).toBe(1);
    expect(await readdir(folder)).toEqual([FIRST]);
    expect((await stat(join(folder, FIRST))).mode & 0o777).toBe(0o600);
    for (const made of [folder, join(folder, "..")]) expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect(await keysIn(folder).unwrap(letter, wrapped)).toEqual(key);
    // The key of a letter stands in no file.
    const file = await readFile(join(folder, FIRST), "utf8");
    for (const form of ["hex", "base64", "base64url"] as const)
      expect(file).not.toContain(key.toString(form));
  });

  test("each agency and level has its own", async () => {
    const folder = newFolder();
    const provider = keysIn(folder);
    const { wrapped } = await provider.newDataKey(letter);
    await provider.newDataKey({ ...letter, level: "confidential" });
    await provider.newDataKey({ ...letter, agencyId: "agency-b" });
    expect((await readdir(folder)).sort()).toEqual([
      "agency-a.confidential.v1.json",
      FIRST,
      "agency-b.secret.v1.json",
    ]);
    expect((await faultOf(provider.unwrap({ ...letter, level: "confidential" }, wrapped))).fault).toBe(
      "lost",
    );
    expect((await faultOf(provider.unwrap({ ...letter, agencyId: "agency-b" }, wrapped))).fault).toBe("lost");
  });

  test("a wrapped key opens for its own letter alone, and not when any part of it was changed", async () => {
    const provider = keysIn(newFolder());
    const { wrapped } = await provider.newDataKey(letter);
    expect((await faultOf(provider.unwrap({ ...letter, subject: "another" }, wrapped))).fault).toBe(
      "damaged",
    );
    for (let at = wrapped.lastIndexOf(":") + 1; at < wrapped.length; at++) {
      const changed = `${wrapped.slice(0, at)}${wrapped[at] === "A" ? "B" : "A"}${wrapped.slice(at + 1)}`;
      expect([at, (await faultOf(provider.unwrap(letter, changed))).fault]).toEqual([at, "damaged"]);
    }
    for (const other of ["", "file:v1:", "vault:v1:AAAA", wrapped.slice(0, -1), `${wrapped}A`])
      expect((await faultOf(provider.unwrap(letter, other))).fault).toBe("lost");
  });

  test("the key of a spool is wrapped as it is", async () => {
    const provider = keysIn(newFolder());
    const key = randomBytes(32);
    const wrapped = await provider.wrap(letter, key);
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
    expect(await provider.wrap(letter, key)).not.toBe(wrapped);
  });

  test("names of files are made of agencies and levels that can be none else", async () => {
    const provider = keysIn(newFolder());
    for (const agencyId of ["../../etc", "a/b", "", "A", "a.b"])
      await expect(provider.newDataKey({ ...letter, agencyId })).rejects.toThrow(RangeError);
    await expect(provider.rotate({ agencyId: "a", level: "top-secret" as never })).rejects.toThrow(
      RangeError,
    );
    await expect(provider.newDataKey({ ...letter, subject: "a\nb" })).rejects.toThrow(RangeError);
  });
});

describe("rotation", () => {
  test("a new version wraps, the old ones go on opening, and what is wrapped anew holds the same key", async () => {
    const folder = newFolder();
    const provider = keysIn(folder);
    const other = keysIn(folder);
    const first = await provider.newDataKey(letter);
    await other.newDataKey(letter);
    expect(await provider.rotate(place)).toBe(2);
    // A process that ran meanwhile takes the new one as well.
    expect((await other.newDataKey(letter)).wrapped).toMatch(/^file:v2:/);
    expect(await provider.unwrap(letter, first.wrapped)).toEqual(first.key);
    const again = await provider.rewrap(letter, first.wrapped);
    expect(again).toMatch(/^file:v2:/);
    expect(await other.unwrap(letter, again)).toEqual(first.key);
    const versions = await provider.versions(place);
    expect(versions.map(({ version, newest }) => [version, newest])).toEqual([
      [1, false],
      [2, true],
    ]);
    expect(first.wrapped.startsWith(versions[0]?.prefix as string)).toBe(true);
    expect(again.startsWith(versions[1]?.prefix as string)).toBe(true);
  });
});

describe("several processes at once", () => {
  const run = promisify(execFile);
  const script = new URL("./testing/make-data-keys.ts", import.meta.url).pathname;
  const together = async (folder: string, processes: number, ...args: string[]) => {
    const runs = Array.from({ length: processes }, () => run(process.execPath, [script, folder, ...args]));
    return (await Promise.all(runs)).flatMap(
      ({ stdout }) => JSON.parse(stdout) as { subject: string; key: string; wrapped: string }[],
    );
  };
  const expectAllOpen = async (folder: string, made: Awaited<ReturnType<typeof together>>) => {
    const provider = keysIn(folder);
    for (const { subject, key, wrapped } of made)
      expect((await provider.unwrap({ ...place, subject }, wrapped)).toString("hex")).toBe(key);
  };

  test("make one key, and everything that any of them wrapped opens", async () => {
    const folder = newFolder();
    const made = await together(folder, 4, "5");
    expect(made).toHaveLength(20);
    expect(await readdir(folder)).toEqual([FIRST]);
    await expectAllOpen(folder, made);
  });

  test("that rotate while others wrap lose no version", async () => {
    const folder = newFolder();
    const made = await together(folder, 4, "8", "3");
    await expectAllOpen(folder, made);
    const files = await readdir(folder);
    expect(files.every((name) => /^agency-a\.secret\.v\d+\.json$/.test(name))).toBe(true);
    expect(files.length).toBeGreaterThanOrEqual(4);
    expect(files.length).toBeLessThanOrEqual(13);
  });
});

describe("a key that is lost", () => {
  test("is not made anew where something is sealed: which one, what for, what to do", async () => {
    const folder = newFolder();
    const fault = await faultOf(keysIn(folder, "12 letters").newDataKey(letter));
    expect(fault).toMatchObject({ fault: "lost", place: { agencyId: "agency-a", level: "secret" } });
    expect(fault.message).toMatch(/agency-a, secret.*12 letters.*backup of the keys/s);
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
  });

  test("nor when it was made while we asked: another process had just sealed the first letter", async () => {
    const folder = newFolder();
    let asked = 0;
    const provider = openFileKeys({
      folder,
      async usedBy() {
        if (asked++ === 0) await keysIn(folder).newDataKey(letter);
        return "1 letter";
      },
    });
    expect((await provider.newDataKey(letter)).wrapped).toMatch(/^file:v1:/);
    expect(await readdir(folder)).toEqual([FIRST]);
  });

  test("one version of several: the rest still opens, and its letters say which one is missing", async () => {
    const folder = newFolder();
    const before = keysIn(folder);
    const first = await before.newDataKey(letter);
    await before.rotate(place);
    const second = await before.newDataKey(letter);
    await rm(join(folder, FIRST));
    const provider = keysIn(folder, "3 letters");
    expect(await provider.unwrap(letter, second.wrapped)).toEqual(second.key);
    const fault = await faultOf(provider.unwrap(letter, first.wrapped));
    expect(fault).toMatchObject({ fault: "lost", version: 1 });
    expect(fault.message).toMatch(/agency-a, secret, version 1.*3 letters/s);
    expect((await provider.versions(place)).map(({ version }) => version)).toEqual([2]);
  });

  test("another key under the same number is told from it", async () => {
    const [folder, elsewhere] = [newFolder(), newFolder()];
    const { wrapped } = await keysIn(folder).newDataKey(letter);
    await keysIn(elsewhere).newDataKey(letter);
    await copyFile(join(elsewhere, FIRST), join(folder, FIRST));
    expect(await faultOf(keysIn(folder).unwrap(letter, wrapped))).toMatchObject({
      fault: "lost",
      version: 1,
    });
  });

  test("removed while we run: nothing more is sealed under what only this process still has", async () => {
    const folder = newFolder();
    const provider = keysIn(folder, "1 letter");
    const fresh = openFileKeys({ folder, usedBy: async () => null });
    const { wrapped, key } = await fresh.newDataKey(letter);
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
    await rm(join(folder, FIRST));
    expect((await faultOf(provider.newDataKey(letter))).fault).toBe("lost");
    expect(await provider.unwrap(letter, wrapped)).toEqual(key);
  });
});

describe("files that do not lie as they should", () => {
  test("others may read the key: refused, with what to do", async () => {
    const folder = newFolder();
    const { wrapped } = await keysIn(folder).newDataKey(letter);
    for (const mode of [0o640, 0o604, 0o620, 0o601]) {
      await chmod(join(folder, FIRST), mode);
      for (const work of [keysIn(folder).unwrap(letter, wrapped), keysIn(folder).newDataKey(letter)]) {
        const fault = await faultOf(work);
        expect(fault.fault).toBe("unfit");
        expect(fault.message).toMatch(
          /agency-a\.secret\.v1\.json.*chmod 600.*saraban keys rotate agency-a secret/s,
        );
      }
      expect(await keysIn(folder).trouble()).toContain("chmod 600");
    }
    await chmod(join(folder, FIRST), 0o600);
    expect(await keysIn(folder).trouble()).toBeNull();
  });

  test("others may put keys into the folder: refused", async () => {
    const folder = newFolder();
    await keysIn(folder).newDataKey(letter);
    await chmod(folder, 0o770);
    const fault = await faultOf(keysIn(folder).newDataKey(letter));
    expect([fault.fault, fault.message]).toEqual(["unfit", expect.stringContaining("chmod 700")]);
    expect(await keysIn(folder).trouble()).toContain("chmod 700");
  });

  test("a file that was cut off, changed, or renamed from another place is no key", async () => {
    const folder = newFolder();
    const { wrapped } = await keysIn(folder).newDataKey(letter);
    const path = join(folder, FIRST);
    const text = await readFile(path, "utf8");
    const made: string[] = ["", "{}", text.slice(0, -10), "x".repeat(5000)];
    made.push(text.replace(/"key":"./, (found) => `"key":"${found.endsWith("A") ? "B" : "A"}`));
    made.push(text.replace('"agency-a"', '"agency-b"'), text.replace('"version":1', '"version":2'));
    for (const said of made) {
      await writeFile(path, said);
      const fault = await faultOf(keysIn(folder).unwrap(letter, wrapped));
      expect([said, fault.fault]).toEqual([said, "damaged"]);
      expect(fault.message).toContain("backup of the keys");
      // Nor is one made in its place.
      expect((await faultOf(keysIn(folder).newDataKey(letter))).fault).toBe("damaged");
    }
  });

  test("what a crash left half made is no key, and is cleared away", async () => {
    const folder = newFolder();
    const provider = keysIn(folder);
    await provider.newDataKey(letter);
    const left = `gone-host.1.2.${"0".repeat(8)}.part`;
    await writeFile(join(folder, left), "{", { mode: 0o600 });
    const { utimes } = await import("node:fs/promises");
    await utimes(join(folder, left), 0, 0);
    await provider.rotate(place);
    expect((await readdir(folder)).sort()).toEqual([FIRST, "agency-a.secret.v2.json"]);
  });
});

test("closed: keys are cleared from memory, and nothing opens any more", async () => {
  const folder = newFolder();
  const provider = keysIn(folder);
  const { wrapped } = await provider.newDataKey(letter);
  await provider.unwrap(letter, wrapped);
  provider.close();
  await expect(provider.unwrap(letter, wrapped)).rejects.toThrow("closed");
});
