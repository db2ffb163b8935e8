import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { projectDir } from "../../services/shared/runtime/settings.ts";
import { CorpusFault, loadCorpus } from "./expected.ts";

const mail = {
  file: "mail/a.eml",
  envelope: { from: "", to: ["saraban@agency-a.example.go.th"] },
  outcome: "ignore",
  acknowledge: false,
  registrations: 0,
  letter: null,
};
const request = {
  file: "ecms/e.xml",
  kind: "poll",
  operation: "CorrespondenceLetterInboundRequest",
  dialect: "B",
  contentType: "text/xml",
  outcome: "accept",
  letter: null,
};
const agency = { domain: "a.example.go.th", address: "saraban@a.example.go.th", name: "ก", own: true };

async function folderWith(expected: unknown, directory: unknown = [agency]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "saraban-corpus-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "mail"));
  await writeFile(join(folder, "mail/a.eml"), "x");
  await mkdir(join(folder, "ecms"));
  await writeFile(join(folder, "ecms/e.xml"), "y");
  await writeFile(
    join(folder, "expected.json"),
    typeof expected === "string" ? expected : JSON.stringify(expected),
  );
  await writeFile(join(folder, "directory.json"), JSON.stringify(directory));
  return folder;
}

it("reads a folder, our own samples among them", async () => {
  const folder = await folderWith({ version: 1, mail: [mail], ecms: [request], pdf: [] });
  const corpus = await loadCorpus(folder);
  expect(corpus.mails.map(({ octets }) => octets.toString())).toEqual(["x"]);
  expect(corpus.requests.map(({ octets }) => octets.toString())).toEqual(["y"]);
  const later = { ...mail, after: ["ecms/e.xml"] };
  const dependent = await loadCorpus(await folderWith({ mail: [later], ecms: [request] }));
  expect(dependent).toMatchObject({ mails: [], notCounted: ["mail/a.eml"] });
  expect((await loadCorpus(join(projectDir, "samples"))).directory).toBeNull();
});

it.each<[string, unknown, unknown, RegExp]>([
  ["no JSON", "{", [agency], /expected\.json: .*JSON/],
  ["no list of mails", { version: 1 }, [agency], /expected\.json: .*'mail'/],
  [
    "an outcome that does not exist",
    { mail: [{ ...mail, outcome: "eaten" }] },
    [agency],
    /mail\/a\.eml: outcome .*: register,/,
  ],
  [
    "a missing field",
    { mail: [{ ...mail, letter: undefined }] },
    [agency],
    /mail\/a\.eml: the entry .*'letter'/,
  ],
  ["a file twice", { mail: [mail, mail] }, [agency], /mail\/a\.eml stands there twice/],
  ["a file that is not there", { mail: [{ ...mail, file: "mail/b.eml" }] }, [agency], /mail\/b\.eml: ENOENT/],
  ["a file outside", { mail: [{ ...mail, file: "../x.eml" }] }, [agency], /lies outside the folder/],
  ["a circle", { mail: [{ ...mail, after: ["mail/a.eml"] }] }, [agency], /after leads back to itself/],
  [
    "a request that names a later one",
    {
      mail: [],
      ecms: [
        { ...request, after: ["ecms/f.xml"] },
        { ...request, file: "ecms/f.xml" },
      ],
    },
    [agency],
    /ecms\/e\.xml: after names ecms\/f\.xml, which does not stand before it/,
  ],
  ["nobody served", { mail: [mail] }, [{ ...agency, own: false }], /no agency is marked as own/],
])("says what is wrong: %s", async (_what, expected, directory, words) => {
  const loading = loadCorpus(await folderWith(expected, directory));
  await expect(loading).rejects.toThrow(CorpusFault);
  await expect(loading).rejects.toThrow(words);
});
