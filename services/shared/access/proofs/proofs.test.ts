import { createHash } from "node:crypto";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { expect, type TestContext, test } from "vitest";
import { openLog } from "../../runtime/log.ts";
import { AccessKeyWrong, accessKeyOf, openAccessKey } from "./access-key.ts";
import { openBreachedPasswords } from "./breached-passwords.ts";
import { ENOUGH_UNITS, openGuessCost } from "./guess-password.ts";
import { fitsHash, hashPassword, isOldHash, newDummyHash } from "./password-hash.ts";
import { HasherBusy, openPasswordHasher } from "./password-hasher.ts";
import { normalPassword, passwordFaults } from "./password-policy.ts";
import { newRecoveryCodes, recoveryCodeHash } from "./recovery-codes.ts";
import { newSessionToken, sessionTokenHash } from "./session-token.ts";
import { type Failures, oneMoreTry } from "./sign-in-lock.ts";
import { totpCode, totpSetUp, totpStep } from "./totp.ts";

const silent = openLog("silent", "test");
const guessCost = openGuessCost();

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "saraban-proofs-"));
  context.onTestFinished(() => rm(dir, { recursive: true }));
  return dir;
}

test("what people do first is found in few guesses, whatever they put around it; what they do not is taken", () => {
  const easy = [
    "password1234",
    "Password2569!",
    "P@ssw0rd2024!!",
    "รหัสผ่าน๒๕๖๙",
    "สมชายใจดี2520",
    "somchai.jaidee20",
    "ilovethailand99",
    "qwertyuiop[]",
    "1qaz2wsx3edc",
    "mju7nhy6bgt5",
    "ฟหกดเ้่าสวง1",
    "ๆไำพะัีรนยบล",
    // The keyboard left in the other language: รหัสผ่าน, password.
    "isylzjko2569",
    "ยฟหหไนพก1234",
    "abcabcabcabc",
    "aaaaaaaaaaaaaaaa",
    "กขฃคฅฆงจฉชซฌ",
    "0812345678901",
    "Bangkok@123456",
    "admin_admin_1",
  ];
  const hard = [
    "correct horse battery staple",
    "ม้าแบตเตอรี่ลวดเย็บถูกต้อง",
    "กินข้าวกับปลาทูตอนเที่ยงคืน",
    "xkqjwzpvbmtr",
    "tea kettle on the moon",
    "7G3K-Q2M9-XW4T-0HVD",
  ];
  for (const password of easy)
    expect({ password, is: guessCost(password) < ENOUGH_UNITS }).toEqual({ password, is: true });
  for (const password of hard)
    expect({ password, is: guessCost(password) < ENOUGH_UNITS }).toEqual({ password, is: false });
});

test("any password of twelve random letters is taken; no sign makes one easier than its beginning", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(..."bcdfghjkmnpqrtvwxz"), minLength: 14, maxLength: 20 }),
      (password) => {
        // By chance there may be a row of keys in it, hardly three.
        expect(guessCost(password)).toBeGreaterThan(2);
      },
    ),
  );
});

test("length counts characters of any script; composition is one spelling; nothing but length is asked about kinds", async () => {
  const lists = { guessCost: () => 9, isBreached: async () => false };
  const faults = (password: string) => passwordFaults(password, [], lists);
  expect(await faults("๑๒๓๔๕๖๗๘๙๐ก")).toEqual(["too-short"]);
  expect(await faults("๑๒๓๔๕๖๗๘๙๐กข")).toEqual([]);
  expect(await faults("            ")).toEqual([]);
  expect(await faults("😀".repeat(11))).toEqual(["too-short"]);
  expect(await faults("😀".repeat(256))).toEqual([]);
  expect(await faults("😀".repeat(257))).toEqual(["too-long"]);
  expect(await faults("x".repeat(100_000))).toEqual(["too-long"]);
  expect(await faults("twelve\u0000letters")).toEqual(["not-text"]);
  expect(await faults("twelve\ud800letters")).toEqual(["not-text"]);
  expect(normalPassword("น้ำแข็ง")).toBe(normalPassword(`${"น้ํา".normalize("NFKC")}แข็ง`));
});

test("a password made of one's own id, name or agency is told apart from a common one", async () => {
  const lists = { guessCost, isBreached: async () => false };
  const about = ["vilasinee.kg", "วิลาสินี กาญจน์", "agency-a", "agency-a.example.go.th"];
  expect(await passwordFaults("Vilasinee-KG-99", about, lists)).toEqual(["like-you"]);
  expect(await passwordFaults("วิลาสินี กาญจน์1", about, lists)).toEqual(["like-you"]);
  expect(await passwordFaults("password-2569", about, lists)).toEqual(["common"]);
  expect(await passwordFaults("Vilasinee-KG-99", [], lists)).toEqual([]);
});

test("breached passwords are found in an ordered file of any form, the first and the last line too, and no others", async (context) => {
  const dir = await folder(context);
  const passwords = Array.from({ length: 500 }, (_, at) => `password number ${at}`);
  const hashes = passwords
    .map((password) => createHash("sha1").update(password).digest("hex").toUpperCase())
    .sort();
  const forms: Record<string, (hash: string, at: number) => string> = {
    downloaded: (hash, at) => `${hash}:${10 ** (at % 8)}\r\n`,
    plain: (hash) => `${hash}\n`,
    cut: (hash) => `${hash.slice(0, 20).toLowerCase()}:3\n`,
  };
  for (const [name, line] of Object.entries(forms)) {
    const path = join(dir, name);
    await writeFile(path, hashes.map(line).join(""));
    const isBreached = await openBreachedPasswords(path);
    for (const password of passwords)
      expect({ name, password, is: await isBreached(password) }).toEqual({ name, password, is: true });
    for (let at = 0; at < 200; at++) expect(await isBreached(`another one ${at}`)).toBe(false);
  }
  const empty = join(dir, "empty");
  await writeFile(empty, "");
  expect(await (await openBreachedPasswords(empty))("x")).toBe(false);
  await writeFile(join(dir, "words"), "password\n123456\n");
  await expect(openBreachedPasswords(join(dir, "words"))).rejects.toThrow("SHA-1:count");
  await expect(openBreachedPasswords(join(dir, "none"))).rejects.toThrow("ENOENT");
});

test("hashes are Argon2id with today's parameters; the dummy costs the same and fits nothing", async () => {
  const phc = await hashPassword("ม้าแดง");
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=32768,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect([await fitsHash(phc, "ม้าแดง"), await fitsHash(phc, "ม้าดำ")]).toEqual([true, false]);
  expect([isOldHash(phc), isOldHash(phc.replace("t=3", "t=2"))]).toEqual([false, true]);
  const dummy = newDummyHash();
  expect(dummy).toMatch(/^\$argon2id\$v=19\$m=32768,t=3,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
  expect(await fitsHash(dummy, "")).toBe(false);
});

test("no more hashes at once than are allowed, the others in their turn, and past that nobody waits", async () => {
  const hasher = openPasswordHasher(1, 2);
  const ended: number[] = [];
  const work = [0, 1, 2].map((at) => hasher.fits(null, "x").then(() => ended.push(at)));
  await expect(hasher.fits(null, "x")).rejects.toThrow(HasherBusy);
  await Promise.all(work);
  expect(ended).toEqual([0, 1, 2]);
  expect(hasher.made()).toBe(3);
  await expect(hasher.fits("no hash", "x")).rejects.toThrow();
  expect(await hasher.fits(null, "x")).toBe(false); // a failure gives its place back
});

test("tries are counted, the lock grows to an hour, and all is forgotten after a day", () => {
  const at = (minutes: number) => new Date(Date.UTC(2026, 0, 1) + minutes * 60_000);
  let failures: Failures | null = null;
  let minute = 0;
  const locks: number[] = [];
  for (let times = 1; times <= 14; times++) {
    const next: Failures | null = oneMoreTry(failures, 5, at(minute));
    if (next === null) throw new Error("locked");
    failures = next;
    const until = next.lockedUntil?.getTime() ?? at(minute).getTime();
    locks.push((until - at(minute).getTime()) / 60_000);
    if (next.lockedUntil !== null) expect(oneMoreTry(next, 5, new Date(until - 1))).toBeNull();
    minute += locks.at(-1) ?? 0;
  }
  expect(locks).toEqual([0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
  expect(oneMoreTry(failures, 5, at(minute + 24 * 60 + 1))).toMatchObject({ failures: 1, lockedUntil: null });
});

test("codes are those of RFC 6238, and fit their step and the ones beside it", () => {
  // Appendix B, SHA-1: eight digits there, of which an authenticator shows the last six.
  const secret = Buffer.from("12345678901234567890");
  const vectors: readonly (readonly [number, string])[] = [
    [59, "287082"],
    [1_111_111_109, "081804"],
    [1_111_111_111, "050471"],
    [1_234_567_890, "005924"],
    [2_000_000_000, "279037"],
  ];
  for (const [seconds, code] of vectors) expect(totpCode(secret, seconds * 1000)).toBe(code);
  const step = Math.floor(1_234_567_890 / 30);
  expect(totpStep(secret, "005 924", 1_234_567_890_000)).toBe(step);
  expect(totpStep(secret, "005924", 1_234_567_890_000 + 30_000)).toBe(step);
  expect(totpStep(secret, "005924", 1_234_567_890_000 - 30_000)).toBe(step);
  expect(totpStep(secret, "005924", 1_234_567_890_000 + 60_000)).toBeNull();
  for (const wrong of ["", "5924", "0059240", "๐๐๕๙๒๔", "abcdef"])
    expect(totpStep(secret, wrong, 1_234_567_890_000)).toBeNull();
  expect(totpSetUp(secret, "e-saraban saraban.example.go.th", "somying")).toEqual({
    secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
    uri: "otpauth://totp/e-saraban%20saraban.example.go.th:somying?issuer=e-saraban%20saraban.example.go.th&secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&algorithm=SHA1&digits=6&period=30",
  });
});

test("recovery codes and session tokens are random, and stand as hashes", () => {
  const codes = newRecoveryCodes();
  expect(new Set(codes).size).toBe(10);
  const [code = ""] = codes;
  expect(recoveryCodeHash(code.toLowerCase().replaceAll("-", " "))).toBe(recoveryCodeHash(code));
  expect(recoveryCodeHash("123456")).toBeNull();
  const token = newSessionToken();
  expect(sessionTokenHash(token)).toMatch(/^[0-9a-f]{64}$/);
  expect(sessionTokenHash(`${token}x`)).toBeNull();
});

test("the access key is made once, for its user alone; what it seals opens in its place alone", async (context) => {
  const dir = await folder(context);
  const keys = await Promise.all(Array.from({ length: 4 }, () => openAccessKey(dir, silent)));
  const [key = await openAccessKey(dir, silent)] = keys;
  expect(new Set(keys.map((one) => one.markOf("guard", "x"))).size).toBe(1);
  const path = join(dir, "keys/access/access.key");
  expect([(await stat(path)).mode & 0o777, (await stat(join(dir, "keys/access"))).mode & 0o777]).toEqual([
    0o600, 0o700,
  ]);
  expect(key.markOf("guard", "x")).not.toBe(key.markOf("csrf", "x"));
  const sealed = key.seal(Buffer.from("secret"), "person_totp a");
  expect(key.seal(Buffer.from("secret"), "person_totp a").equals(sealed)).toBe(false);
  expect(key.unseal(sealed, "person_totp a").toString()).toBe("secret");
  expect(() => key.unseal(sealed, "person_totp b")).toThrow(AccessKeyWrong);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => key.unseal(changed, "person_totp a")).toThrow(AccessKeyWrong);
  }
  const other = accessKeyOf(Buffer.alloc(32, 7), "elsewhere");
  expect(() => other.unseal(sealed, "person_totp a")).toThrow(
    /another access key than elsewhere.*totp reset/,
  );
  await writeFile(path, "short");
  await expect(openAccessKey(dir, silent)).rejects.toThrow(AccessKeyWrong);
});
