import { test } from "vitest";
import { type Agency, agenciesFaults, type Partner, partnersFaults } from "./directory.ts";

const AGENCY: Agency = {
  id: "agency-a",
  domain: "agency-a.example.go.th",
  mailbox: "saraban",
  nameThai: "หน่วยงานทดสอบ ก",
  nameEnglish: "Agency A",
  receiverName: "งานสารบรรณ",
};
const PARTNER: Partner = { domain: "opdc.example.go.th", nameThai: "ก.พ.ร." };
const NODE = { url: "http://ecms.opdc.example.go.th/ecms-ws01/service2" };

test("a node of old has no TLS; without a number of one's own nothing can be addressed there", ({
  expect,
}) => {
  expect(agenciesFaults([{ ...AGENCY, organisationId: "0199900000", ecms: { node: NODE } }])).toEqual([]);
  expect(agenciesFaults([{ ...AGENCY, ecms: { node: NODE } }])).toEqual([
    "ecms.node of agency-a: organisationId is missing, by which letters are addressed there",
  ]);
  expect(partnersFaults([{ ...PARTNER, organisationId: "0101200000", ecms: NODE }])).toEqual([]);
  expect(partnersFaults([{ ...PARTNER, ecms: NODE }])[0]).toContain("organisationId is missing");
  const known = { ...NODE, user: "agency-a", passwordEnv: "SARABAN_SECRET_OPDC" };
  expect(partnersFaults([{ ...PARTNER, organisationId: "0101200000", ecms: known }])).toEqual([
    "ecms of opdc.example.go.th: user: a password goes over https alone",
  ]);
});

test.for([
  "ftp://x.example.go.th/",
  "http://user:secret@x.example.go.th/",
  "http://",
  "http://x.example.go.th/#there",
])("%s is no node", (url, { expect }) => {
  const [fault = "", ...more] = partnersFaults([{ ...PARTNER, organisationId: "0101200000", ecms: { url } }]);
  expect(fault).toContain("ecms of opdc.example.go.th: url is to be written such as");
  expect(fault).not.toContain("secret");
  expect(more).toEqual([]);
});

test("one number is one office", ({ expect }) => {
  const two = ["a", "b"].map((id) => ({
    ...AGENCY,
    id,
    domain: `${id}.example.go.th`,
    organisationId: "0199900000",
  }));
  expect(agenciesFaults(two)).toEqual(["organisationId 0199900000 stands there twice"]);
  expect(partnersFaults([PARTNER, { ...PARTNER, domain: "mot.example.go.th" }])).toEqual([]);
});
