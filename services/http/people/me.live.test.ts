import { Secret } from "otpauth";
import { test } from "vitest";
import { totpCode } from "../../shared/access/proofs/totp.ts";
import { PASSWORD, peopleScene } from "./testing/people-scene.ts";

const NEXT = "กระติกน้ำร้อน สามใบเถา";

test("a password is changed by who knows the present one; all other sessions end, and none of the last five comes back", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, browser, query } = await peopleScene(context);
  await addPerson("vilasinee.kg", [{ right: "registry-clerk" }]);
  const [one, two] = [await signedIn("vilasinee.kg"), await signedIn("vilasinee.kg")];
  const change = (password: string, newPassword: string) =>
    one.post("/me/password", { password, newPassword });
  expect(await change("wrong", NEXT)).toMatchObject({ status: 403, body: { code: "wrong-password" } });
  const weak: readonly (readonly [string, RegExp])[] = [
    ["สั้นไปนิด", /12 characters/],
    ["ก".repeat(257), /256/],
    ["password2569!!", /common words/],
    ["ฟหกดเ้่าสวง12", /common words/],
    ["isylzjko2569", /common words/],
    ["Vilasinee-KG-99", /your id/],
    ["หน่วยงานทดสอบ ก", /your id|common/],
    ["line\nfeed-line\nfeed", /type/],
    [PASSWORD, /last 5/],
  ];
  for (const [password, words] of weak) {
    const { status, body } = await change(PASSWORD, password);
    expect({ password, status, code: body.code }).toEqual({ password, status: 422, code: "weak-password" });
    expect(body.errors).toMatchObject([
      { pointer: "#/newPassword", detailThai: expect.stringMatching(/[ก-๙]/) },
    ]);
    expect(body.errors[0].detail).toMatch(words);
    expect(JSON.stringify(body)).not.toContain(password);
  }
  const before = one.cookies.get("saraban");
  expect((await change(PASSWORD, NEXT)).status).toBe(200);
  expect(one.cookies.get("saraban")).not.toBe(before);
  expect((await one.ask("/session")).status).toBe(200);
  expect((await two.ask("/session")).status).toBe(401);
  expect((await browser().post("/session", { id: "vilasinee.kg", password: PASSWORD })).status).toBe(401);
  // The same word in another composition is the same password.
  const composed = await browser().post("/session", { id: "vilasinee.kg", password: NEXT.normalize("NFD") });
  expect(composed.status).toBe(200);
  let present = NEXT;
  for (const next of ["ตั๋วรถเมล์ สายสุดท้าย", "ใบตองแห้ง ในตู้เย็น", "หมวกฟาง กับแว่นขยาย", "ดินสอทู่ ยางลบหอม"]) {
    expect((await change(present, next)).status).toBe(200);
    present = next;
  }
  expect((await change(present, NEXT)).body.errors[0].detail).toMatch(/last 5/);
  expect((await change(present, PASSWORD)).status).toBe(200);
  const rows = JSON.stringify(await query("select * from saraban.audit_event"));
  for (const secret of [PASSWORD, NEXT, present]) expect(rows).not.toContain(secret);
});

test("who finds a browser open cannot try passwords there for ever", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn } = await peopleScene(context);
  await addPerson("somying");
  const one = await signedIn("somying");
  for (let times = 0; times < 5; times += 1)
    expect((await one.post("/me/password", { password: `guess ${times}`, newPassword: NEXT })).status).toBe(
      403,
    );
  expect((await one.post("/me/password", { password: PASSWORD, newPassword: NEXT })).body.code).toBe(
    "wrong-password",
  );
});

test("an authenticator is set up by a code, asked for at each sign-in, and takes no code twice", async (context) => {
  const { expect } = context;
  const scene = await peopleScene(context);
  const { addPerson, signedIn, setUpTotp, query, clock } = scene;
  await addPerson("somying", [{ right: "registry-clerk" }]);
  const one = await signedIn("somying");
  const begun = await one.post("/me/totp");
  expect(begun.body).toMatchObject({
    secret: expect.stringMatching(/^[A-Z2-7]{32}$/),
    uri: expect.stringMatching(
      /^otpauth:\/\/totp\/e-saraban:somying\?issuer=e-saraban&secret=[A-Z2-7]{32}&algorithm=SHA1&digits=6&period=30$/,
    ),
    qr: expect.stringMatching(/^<svg [^>]+><path [^>]+\/><path d="M/),
  });
  expect((await one.post("/me/totp/confirm", { code: "000000" })).body.code).toBe("wrong-code");
  // Not in force before: nothing asks for it.
  const meanwhile = await signedIn("somying");
  expect((await meanwhile.ask("/session")).body).toMatchObject({
    need: null,
    secondFactor: { isSetUp: false },
  });
  const before = one.cookies.get("saraban") as string;
  const { code, setUp, recoveryCodes } = await setUpTotp(one);
  expect(one.cookies.get("saraban")).not.toBe(before);
  expect((await one.ask("/session")).body.secondFactor).toMatchObject({ isSetUp: true, isRecent: true });
  expect(recoveryCodes).toHaveLength(10);
  // The session that has shown no second factor opens nothing but the way to show it.
  expect((await meanwhile.ask("/tray?agency=agency-a")).body).toMatchObject({
    status: 403,
    code: "second-factor-needed",
  });
  expect((await meanwhile.post("/me/totp")).body.code).toBe("second-factor-needed");
  expect((await meanwhile.post("/me/password", { password: PASSWORD, newPassword: NEXT })).body.code).toBe(
    "second-factor-needed",
  );
  expect((await meanwhile.ask("/session")).body.need).toBe("second-factor");
  const stolen = meanwhile.cookies.get("saraban") as string;
  const now = code();
  expect((await meanwhile.post("/session/second-factor", { code: now })).body).toMatchObject({ need: null });
  expect((await meanwhile.ask("/tray?agency=agency-a")).status).toBe(200);
  // The token of before the second factor is none any more: who has copied it gains nothing by it.
  const thief = scene.browser();
  thief.cookies.set("saraban", stolen);
  expect((await thief.ask("/session")).status).toBe(401);
  // The same code again, from whoever read it over a shoulder, and one of a step before.
  const next = await signedIn("somying");
  for (const used of [now, code(-30_000), code(90_000), "12345", "abcdef"])
    expect((await next.post("/session/second-factor", { code: used })).body.code).toBe("wrong-code");
  await query("delete from saraban.sign_in_guard");
  expect(
    (
      await next.post("/session/second-factor", {
        code: `${code(30_000).slice(0, 3)} ${code(30_000).slice(3)}`,
      })
    ).status,
  ).toBe(200);
  // A copy of the database makes no codes.
  const [row] = await query<{ sealed: Buffer }>("select sealed_secret as sealed from saraban.person_totp");
  expect(row?.sealed.includes(Buffer.from(Secret.fromBase32(setUp.secret).bytes))).toBe(false);
  expect(totpCode(Buffer.from(Secret.fromBase32(setUp.secret).bytes), clock.now().at.getTime())).toBe(code());
});

test("of two who show the same code at once one comes in", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, setUpTotp } = await peopleScene(context);
  await addPerson("somying");
  const { code } = await setUpTotp(await signedIn("somying"));
  const pages = await Promise.all(Array.from({ length: 4 }, () => signedIn("somying")));
  const one = code();
  const answers = await Promise.all(pages.map((page) => page.post("/session/second-factor", { code: one })));
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
});

test("codes cannot be guessed: after five wrong ones the right one is wrong too, for a minute", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, setUpTotp, clock } = await peopleScene(context);
  await addPerson("somying");
  const { code } = await setUpTotp(await signedIn("somying"));
  const page = await signedIn("somying");
  const wrong = await Promise.all(
    Array.from({ length: 20 }, (_, at) =>
      page.post("/session/second-factor", { code: String(100_000 + at) }),
    ),
  );
  expect(new Set(wrong.map(({ text, status }) => `${status} ${text}`)).size).toBe(1);
  expect((await page.post("/session/second-factor", { code: code() })).text).toBe(wrong[0]?.text);
  clock.pass(60_001);
  expect((await page.post("/session/second-factor", { code: code() })).status).toBe(200);
});

test("a recovery code stands in for the second factor once; new ones take the place of all before", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, setUpTotp, query } = await peopleScene(context);
  await addPerson("somying");
  const first = await signedIn("somying");
  const { recoveryCodes } = await setUpTotp(first);
  const [code = "", other = ""] = recoveryCodes;
  const rows = JSON.stringify(await query("select * from saraban.recovery_code"));
  expect(rows).not.toContain(code.replaceAll("-", ""));
  const page = await signedIn("somying");
  // As people type it.
  expect(
    (await page.post("/session/second-factor", { code: code.toLowerCase().replaceAll("-", " ") })).status,
  ).toBe(200);
  const again = await signedIn("somying");
  expect((await again.post("/session/second-factor", { code })).body.code).toBe("wrong-code");
  const { body } = await page.post("/me/recovery-codes");
  expect(new Set([...body.recoveryCodes, ...recoveryCodes]).size).toBe(20);
  expect((await again.post("/session/second-factor", { code: other })).body.code).toBe("wrong-code");
  expect((await again.post("/session/second-factor", { code: body.recoveryCodes[0] })).status).toBe(200);
});

test("another authenticator takes the place of the first when a code of it was shown, not before", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, setUpTotp, clock } = await peopleScene(context);
  await addPerson("somying");
  const page = await signedIn("somying");
  const first = await setUpTotp(page);
  await page.post("/me/totp"); // begun, and left
  const other = await signedIn("somying");
  expect((await other.post("/session/second-factor", { code: first.code() })).status).toBe(200);
  clock.pass(31 * 60_000);
  // Shown too long ago for something like this.
  expect((await other.post("/me/totp")).status).toBe(401);
  const fresh = await signedIn("somying");
  await fresh.post("/session/second-factor", { code: first.code() });
  const second = await setUpTotp(fresh);
  const last = await signedIn("somying");
  expect((await last.post("/session/second-factor", { code: first.code() })).body.code).toBe("wrong-code");
  expect((await last.post("/session/second-factor", { code: second.code() })).status).toBe(200);
});

test("where everybody has to have a second factor, nothing opens before it is set up", async (context) => {
  const { expect } = context;
  const { addPerson, signedIn, setUpTotp } = await peopleScene(context, { secondFactorFor: "everybody" });
  await addPerson("somying", [{ right: "registry-clerk" }]);
  const page = await signedIn("somying");
  expect((await page.ask("/session")).body.need).toBe("second-factor-set-up");
  expect((await page.ask("/tray?agency=agency-a")).body.code).toBe("second-factor-set-up-needed");
  expect((await page.ask("/sessions")).body.code).toBe("second-factor-set-up-needed");
  await setUpTotp(page);
  expect((await page.ask("/tray?agency=agency-a")).status).toBe(200);
});
