import fc from "fast-check";
import { expect, test } from "vitest";
import { cpuTimeMs } from "../../shared/testing/cpu-time.ts";
import { readAuthenticationResults } from "./sender-results.ts";

test("what servers write, with comments, quotes, versions and an instance", () => {
  const read = readAuthenticationResults(
    'i=1; Mail.Example.go.th 1; (a (nested) \\) comment) spf=pass (sender; ok) smtp.mailfrom="a b@example.go.th";\r\n' +
      "\tdkim = pass header.d=Example.GO.TH header.s=s1; dmarc=fail/1; DMARC/1=pass header.from=example.go.th",
  );
  expect(read).toMatchObject({ authservId: "mail.example.go.th", instance: 1 });
  expect(read?.results.map(({ method, result }) => `${method}=${result}`)).toEqual([
    "spf=pass",
    "dkim=pass",
    "dmarc=pass",
  ]);
  expect(read?.results[1]?.properties.get("header.d")).toBe("example.go.th");
  expect(readAuthenticationResults("none")).toMatchObject({ authservId: "none", results: [] });
  expect(readAuthenticationResults("spf=pass; dkim=pass")).toBeNull();
});

test("text in quotes or comments never becomes a result, and a property given twice is none", () => {
  for (const body of [
    'host; reason="; dmarc=pass header.from=x.go.th"',
    'host; dkim=fail reason="a\\"; dmarc=pass header.from=x.go.th"',
    "host; (dmarc=pass; dmarc=pass header.from=x.go.th",
  ])
    expect(readAuthenticationResults(body)?.results.some(({ method }) => method === "dmarc")).toBe(false);
  const spaced = readAuthenticationResults(
    'host; dmarc=pass reason="x header.from=y.go.th" header.from=a.example',
  );
  expect(spaced?.results[0]?.properties.get("header.from")).toBe("a.example");
  const twice = readAuthenticationResults("host; dmarc=pass header.from=a.go.th header.from=b.go.th");
  expect(twice?.results[0]?.properties.get("header.from")).toBe("");
});

test("hostile text is read in no time, and never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'();=\\" \t\r\naz.=i1'), maxLength: 2_000 }), (body) => {
      readAuthenticationResults(body);
    }),
    { seed: 5 },
  );
  const started = cpuTimeMs();
  for (const part of ["(", " ", "=", " =", '"', "\\", "a=", ";"]) {
    readAuthenticationResults(`host; ${part.repeat(7_000)}`);
    expect(readAuthenticationResults(part.repeat(20_000))).toBeNull();
  }
  expect(cpuTimeMs() - started).toBeLessThan(3_000);
});
