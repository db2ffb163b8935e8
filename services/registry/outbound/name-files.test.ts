import { expect, test } from "vitest";
import { type FileNaming, nameFiles } from "./name-files.ts";

const OPDC: FileNaming = {
  romanCode: "OPDC",
  domain: "opdc.example.go.th",
  letterNumber: "นร 1200/57",
  year: 2020,
};

test.each<[Partial<FileNaming>, string]>([
  [{}, "OPDC_1200_57_2563.pdf"],
  [{ letterNumber: "นร 1200/ว 57" }, "OPDC_1200_W_57_2563.pdf"],
  [{ letterNumber: "นร (กพ) 0402.5/7" }, "OPDC_0402-5_7_2563.pdf"],
  [{ romanCode: null, domain: "dla-2.example.go.th" }, "DLA_1200_57_2563.pdf"],
])("a letter with %j is named %s, by Annex 7", (naming, name) => {
  expect(nameFiles({ ...OPDC, ...naming }, ["หนังสือ.PDF"])).toEqual([name]);
});

test("enclosures bear a running number; of the given name nothing but a plain extension is taken over", () => {
  const given = ["a.pdf", "b.XLSX", "../../etc/passwd", "evil.pdf\r\nX: y", "ภาพ.jpeg", "x.", ".pdf"];
  expect(nameFiles(OPDC, given).map((name) => name.slice("OPDC_1200_57_2563".length))).toEqual([
    ".pdf",
    "_1.xlsx",
    "_2.bin",
    "_3.bin",
    "_4.jpeg",
    "_5.bin",
    "_6.pdf",
  ]);
});
