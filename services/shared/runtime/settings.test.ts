import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadSettings, projectDir, readJson, readSecret, SettingsError } from "./settings.ts";
import { declaredSettings } from "./settings-schema.ts";

function faultsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadSettings(env);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
}

function scratchFile(name: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "saraban-settings-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

test("without anything set the defaults hold, frozen, paths from the project's folder", () => {
  const settings = loadSettings({});
  expect(settings.smtp.port).toBe(2525);
  expect(settings.dataDir).toBe(join(projectDir, "data"));
  expect(settings.queue.resendAfterSeconds).toBe(30);
  expect(Object.isFrozen(settings.smtp)).toBe(true);
});

test("the environment stands above the file that SARABAN_CONFIG names, and that above config/default.yaml", () => {
  const file = scratchFile("own.yaml", "smtp: { port: 26, maxRecipients: 7 }\n");
  const settings = loadSettings({ SARABAN_CONFIG: file, SARABAN_SMTP_PORT: "27" });
  expect(settings.smtp).toMatchObject({ port: 27, maxRecipients: 7, host: "127.0.0.1" });
});

test("a secret may stand in a file", () => {
  const file = scratchFile("url", "postgres://user:word@db/saraban\n");
  expect(loadSettings({ DATABASE_URL_FILE: file }).database.url).toBe("postgres://user:word@db/saraban");
  expect(faultsOf({ DATABASE_URL_FILE: "/nowhere/url" })[0]).toMatch(
    /database\.url \(DATABASE_URL_FILE\).*ENOENT/,
  );
});

test("a secret that a file of config/ names is read from its variable, that variable's file, or a file", () => {
  const file = scratchFile("secret", "made-up\n");
  const place = { env: "SARABAN_SECRET_X" };
  expect(readSecret(place, { SARABAN_SECRET_X: "made-up" })).toBe("made-up");
  expect(readSecret(place, { SARABAN_SECRET_X_FILE: file })).toBe("made-up");
  expect(readSecret({ file })).toBe("made-up");
  expect(() => readSecret(place, {})).toThrow("SARABAN_SECRET_X is not set");
  expect(() => readSecret(place, { SARABAN_SECRET_X: " " })).toThrow("SARABAN_SECRET_X is empty");
  // A file of config/ must not be able to send a server our database's password.
  expect(() => readSecret({ env: "DATABASE_URL" }, { DATABASE_URL: "x" })).toThrow(
    "begins with SARABAN_SECRET_",
  );
  expect(faultsOf({ SARABAN_SECRET_X: "made-up" })).toEqual([]);
});

test("all faults are told at once: the key, the variable, the value and what is allowed", () => {
  const faults = faultsOf({
    SARABAN_SMTP_PORT: "99999",
    SARABAN_LOG_LEVEL: "loud",
    SARABAN_HTTP_PORT: "eighty",
  });
  expect(faults).toEqual([
    'log.level (SARABAN_LOG_LEVEL) is "loud": allowed is one of fatal, error, warn, info, debug, trace, silent',
    "smtp.port (SARABAN_SMTP_PORT) is 99999: allowed is a whole number from 0 to 65535",
    'http.port (SARABAN_HTTP_PORT) is "eighty": allowed is a whole number from 0 to 65535',
  ]);
});

test("a secret's value is never told", () => {
  expect(faultsOf({ DATABASE_URL: "mysql://user:secretword@db" }).join()).not.toContain("secretword");
});

test.each([
  ["SARABAN_SMARTHOST_URL", "smtp://user:%zz-secretword@mail.example.go.th"],
  ["SARABAN_SMARTHOST_URL", "smtp://user:secretword@mail.example.go.th:99999"],
  ["SARABAN_SMARTHOST_URL", "smtp://user:secretword@mail.example.go.th:0"],
  ["SARABAN_SMARTHOST_URL", "smtp://"],
  ["REDIS_URL", "redis://:%zz-secretword@redis.example.go.th"],
  ["REDIS_URL", "redis://:secretword@redis.example.go.th:port"],
  ["DATABASE_URL", "postgres://user:secretword@db.example.go.th:99999/saraban"],
  ["DATABASE_URL", "postgres://user:%ff-secretword@db.example.go.th/saraban"],
  ["DATABASE_URL", "postgres://user:secret/word@db.example.go.th/saraban"],
  ["DATABASE_URL", "postgres://user:secretword@db.example.go.th/saraban?sslrootcert=/nowhere/ca.pem"],
])("%s=%s is a fault told in one line, without the value", (variable, url) => {
  const faults = faultsOf({ [variable]: url });
  expect(faults).toEqual([expect.stringMatching(/^[a-zA-Z.]+ \([A-Z_]+\) is \(hidden\): \S/)]);
  expect(faults[0]).toContain(`(${variable})`);
  expect(faults[0]).not.toMatch(/secret|zz|example|99999|nowhere/);
});

test.each([
  ["SARABAN_SMARTHOST_URL", "smtps://us%40er:p%25w@[::1]:465"],
  ["SARABAN_SMARTHOST_URL", "smtp://mail.example.go.th"],
  ["REDIS_URL", "rediss://:word@redis.example.go.th:6380/1"],
  ["DATABASE_URL", "postgres://user@/saraban?host=/var/run/postgresql"],
  ["DATABASE_URL", "postgresql://user:100%@%2Fvar%2Frun%2Fpostgresql/saraban"],
])("%s=%s can be used", (variable, url) => {
  expect(faultsOf({ [variable]: url })).toEqual([]);
});

test("a misspelt variable or key is a fault, not a silent default", () => {
  expect(faultsOf({ SARABAN_SMPT_PORT: "25" })[0]).toContain("SARABAN_SMPT_PORT: there is no such setting");
  const file = scratchFile("own.yaml", "smtp: { prot: 26 }\n");
  expect(faultsOf({ SARABAN_CONFIG: file })).toEqual(["smtp.prot: there is no such setting"]);
  const broken = scratchFile("broken.yaml", "smtp: [\n");
  expect(faultsOf({ SARABAN_CONFIG: broken })[0]).toContain(broken);
});

test("each setting has a variable of its own, a description and a default; the README's table lists them all", () => {
  const declared = declaredSettings(readJson(join(projectDir, "schemas/settings.schema.json")));
  expect(new Set(declared.map(({ env }) => env)).size).toBe(declared.length);
  const readme = readFileSync(join(projectDir, "README.md"), "utf8");
  for (const { key, env, description, default: value } of declared) {
    expect(description, key).not.toBe("");
    expect(value, key).toBeDefined();
    expect(readme, key).toContain(`| \`${env}\` |`);
  }
});

test("closed.keys is file, or the URL of a key server: https but on this machine, and without a token in it", () => {
  const faults = (value: string) => faultsOf({ SARABAN_CLOSED_KEYS: value });
  for (const fine of [
    "file",
    "https://vault.example.go.th:8200/transit",
    "http://127.0.0.1:8200",
    "http://localhost:8200/kms",
  ])
    expect([fine, faults(fine)]).toEqual([fine, []]);
  expect(faults("http://vault.example.go.th:8200")).toEqual([expect.stringContaining("https alone")]);
  expect(faults("https://user:token@vault.example.go.th")).toEqual([expect.stringContaining("tokenFile")]);
  for (const wrong of ["", "files", "vault:8200", "https://vault.example.go.th/?x=1"])
    expect([wrong, faults(wrong)]).not.toEqual([wrong, []]);
});
