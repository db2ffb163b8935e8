import { createHash, createSign, generateKeyPairSync } from "node:crypto";
import { XmlC14NMode, XmlDocument, type XmlNode } from "libxml2-wasm";
import { describe, expect, it } from "vitest";
import { checkSignature } from "./check-signature.ts";

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = publicKey.export({ format: "jwk" });
const base64 = (base64url: string | undefined) =>
  Buffer.from(base64url ?? "", "base64url").toString("base64");

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#";
const SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256";
const RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";

/** Everything that its canonical form writes another way: quotes, line ends, entities, CDATA, order, namespaces that nobody uses. */
const BODY = `<ram:CorrespondenceLetter xmlns:zz='urn:zz' zz:b="2" ID='Letter' a="&lt;&quot;&#9;'">\r\n  <ram:ID>นร ๑/๒ &gt; &amp; <![CDATA[<ก>]]></ram:ID>
  <ram:Subject/><plain xmlns="urn:plain"><inner xmlns=""/></plain><ram:MainLetterBinaryObject mimeCode="application/pdf">JVBE\r\nRi0x\r</ram:MainLetterBinaryObject>
</ram:CorrespondenceLetter>`;

type Way = { canonical: string; transform: string | null; digest: string; method: string };
const WAY: Way = { canonical: INCLUSIVE, transform: null, digest: SHA256, method: RSA_SHA256 };

/** Signed with another implementation of the canonical forms. */
function signed({ canonical, transform, digest, method }: Way, body = BODY): string {
  const whole = (info: string, value: string) =>
    `<?xml version="1.0"?><S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:default" xmlns:env="urn:unused"><S:Body><rsm:GovernmentDocument xmlns:ram="urn:ram" xmlns:rsm="urn:rsm">` +
    `${body}<ram:GovernmentSignature><ds:Signature xmlns:ds="${DSIG}">${info}<ds:SignatureValue>\n${value}</ds:SignatureValue>` +
    `<ds:KeyInfo><ds:KeyValue><ds:RSAKeyValue><ds:Modulus>${base64(jwk.n)}</ds:Modulus><ds:Exponent>${base64(jwk.e)}</ds:Exponent></ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>` +
    `</ds:Signature></ram:GovernmentSignature></rsm:GovernmentDocument></S:Body></S:Envelope>`;
  const canonicalOf = (xml: string, name: string, algorithm: string): string => {
    using document = XmlDocument.fromString(xml);
    const node = document.get(`//*[local-name()='${name}']`) as XmlNode;
    const mode = algorithm === EXCLUSIVE ? XmlC14NMode.XML_C14N_EXCLUSIVE_1_0 : XmlC14NMode.XML_C14N_1_0;
    return node.canonicalizeToString({ mode });
  };
  const hash = /sha1$/.test(digest) ? "sha1" : "sha256";
  const digestValue = createHash(hash)
    .update(canonicalOf(whole("", ""), "CorrespondenceLetter", transform ?? INCLUSIVE))
    .digest("base64");
  const transforms =
    transform === null ? "" : `<ds:Transforms><ds:Transform Algorithm="${transform}"/></ds:Transforms>`;
  const info =
    `<ds:SignedInfo><ds:CanonicalizationMethod Algorithm="${canonical}"></ds:CanonicalizationMethod><ds:SignatureMethod Algorithm="${method}"/>` +
    `<ds:Reference URI="#Letter">${transforms}<ds:DigestMethod Algorithm="${digest}"/><ds:DigestValue>${digestValue}</ds:DigestValue></ds:Reference></ds:SignedInfo>`;
  const sign = createSign(/sha1$/.test(method) ? "RSA-SHA1" : "RSA-SHA256");
  sign.update(canonicalOf(whole(info, ""), "SignedInfo", canonical));
  return whole(info, sign.sign(privateKey, "base64"));
}

function check(xml: string, pieceBytes = 700) {
  const octets = Buffer.from(xml);
  return checkSignature(async function* () {
    for (let at = 0; at < octets.length; at += pieceBytes) yield octets.subarray(at, at + pieceBytes);
  });
}

describe("the signature of a document", () => {
  it.each([
    ["inclusive", WAY],
    ["exclusive", { ...WAY, canonical: EXCLUSIVE, transform: EXCLUSIVE }],
    ["mixed", { ...WAY, canonical: EXCLUSIVE }],
    ["of 2012, with SHA-1", { ...WAY, digest: `${DSIG}sha1`, method: `${DSIG}rsa-sha1` }],
  ])("%s holds", async (_, way) => {
    expect(await check(signed(way))).toBe("holds");
  });

  it("holds over a large object, whose line ends are one in its canonical form", async () => {
    const lines = "QUFB\r\n".repeat(60_000);
    expect(await check(signed(WAY, BODY.replace("JVBE", `${lines}JVBE`)), 65_536)).toBe("holds");
  });

  it.each([
    ["number", "๑/๒", "๑/๓"],
    ["file", "JVBE", "JVBF"],
    ["attribute", 'zz:b="2"', 'zz:b="3"'],
    ["digest", "<ds:DigestValue>", "<ds:DigestValue>A"],
    ["signature", "<ds:SignatureValue>\n", "<ds:SignatureValue>\nAAAA"],
  ])("is broken where the %s was changed", async (_, from, to) => {
    expect(await check(signed(WAY).replace(from, to))).toBe("broken");
  });

  it.each([
    ["of no letter", "#Letter", "#Other"],
    ["of an algorithm that is not known", RSA_SHA256, "urn:other"],
    [
      "with another transform",
      "<ds:DigestMethod",
      '<ds:Transforms><ds:Transform Algorithm="urn:x"/></ds:Transforms>$&',
    ],
    ["with a key that is none", "<ds:Modulus>", "<ds:Modulus></ds:Modulus>$&"],
    ["in what is no XML", "</S:Envelope>", ""],
    ["of one of two letters", "<ram:GovernmentSignature>", '<ram:CorrespondenceLetter ID="Letter"/>$&'],
    ["of a decoy", "<S:Body>", "$&<CorrespondenceLetter/>"],
    ["with another digest beside it", "<ds:SignedInfo>", "<ds:DigestValue>AAAA</ds:DigestValue>$&"],
    ["with base64 that has entities", "JVBE\r\n", "JVBE&#10;"],
  ])("%s is not checked", async (_, from, to) => {
    expect(await check(signed(WAY).replace(from, to))).toBe("unchecked");
  });
});
