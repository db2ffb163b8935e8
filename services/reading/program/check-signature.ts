import {
  createHash,
  createPublicKey,
  createVerify,
  type Hash,
  type KeyObject,
  X509Certificate,
} from "node:crypto";
import { type Canonicaliser, canonicalise } from "../../shared/ecms/canonical-xml.ts";
import { readXml, type XmlElement } from "../../shared/ecms/xml-gate.ts";

/**
 * holds: the letter is as it was when it was signed, by the key that travels with the signature; whose key that is, nobody
 * says. broken: it was changed, or signed otherwise than it says. unchecked: made in a way that is not checked here.
 */
export type SignatureCheck = "holds" | "broken" | "unchecked";

const DSIG = "http://www.w3.org/2000/09/xmldsig#";
const CANONICAL: Readonly<Record<string, "inclusive" | "exclusive">> = {
  "http://www.w3.org/TR/2001/REC-xml-c14n-20010315": "inclusive",
  "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments": "inclusive",
  "http://www.w3.org/2001/10/xml-exc-c14n#": "exclusive",
  "http://www.w3.org/2001/10/xml-exc-c14n#WithComments": "exclusive",
};
const DIGESTS: Readonly<Record<string, string>> = {
  [`${DSIG}sha1`]: "sha1",
  "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
  "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
};
const SIGNATURES: Readonly<Record<string, string>> = {
  [`${DSIG}rsa-sha1`]: "RSA-SHA1",
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "RSA-SHA256",
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": "RSA-SHA384",
  "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": "RSA-SHA512",
};
/** Changes nothing where the signature stands outside of what it signs. */
const ENVELOPED = `${DSIG}enveloped-signature`;
const LETTER = "#Letter";
/** Each once in all, so that what is read here is what is signed. */
const ONCE = [
  ...["Signature", "SignedInfo", "CanonicalizationMethod", "SignatureMethod"],
  ...["Reference", "DigestMethod", "DigestValue", "SignatureValue"],
];
/** Larger ones, and larger keys, are made to keep whoever checks them busy. */
const LARGEST_EXPONENT = 2n ** 33n;
const MAX_TEXT = 16_000;
const MAX_VALUES = 200;

/**
 * Checks the ds:Signature (RFC 3275) of an e-CMS document: the digest of the letter and the signature over that, by the key that is in
 * the document. Reads the octets twice, and holds nothing of the letter.
 * @param open the octets of the request from their beginning, anew each time
 * @throws only what reading the octets throws
 */
export async function checkSignature(open: () => AsyncIterable<Buffer>): Promise<SignatureCheck> {
  const said = await readSignature(open());
  if (said === null) return "unchecked";
  const letter = createHash(said.digest);
  const info = createVerify(said.algorithm);
  let letters = 0;
  let done = true;
  const giveUp = (): void => {
    done = false;
  };
  const target = (exclusive: boolean, into: Pick<Hash, "update"> | ReturnType<typeof createVerify>) =>
    canonicalise(exclusive, (text) => void into.update(text, "utf8"), giveUp);
  let signatures = 0;
  await walk(open(), giveUp, (element) => {
    if (element.name === "CorrespondenceLetter") {
      letters++;
      // A second one, signed or not, would leave open which of them is read.
      const isSigned = element.attributes.get("ID") === LETTER.slice(1);
      return isSigned && letters === 1 ? target(said.isLetterExclusive, letter) : null;
    }
    if (element.name === "SignedInfo" && element.namespace === DSIG && ++signatures === 1)
      return target(said.isInfoExclusive, info);
    return null;
  });
  if (!done || letters !== 1) return "unchecked";
  const isSame = letter.digest("base64") === said.digestValue;
  return isSame && info.verify(said.key, said.value, "base64") ? "holds" : "broken";
}

interface Said {
  readonly digest: string;
  readonly algorithm: string;
  readonly isInfoExclusive: boolean;
  readonly isLetterExclusive: boolean;
  readonly digestValue: string;
  readonly value: string;
  readonly key: KeyObject;
}

/** What the one signature says of itself; null where there are several, or it is of a kind that is not checked here. */
async function readSignature(octets: AsyncIterable<Buffer>): Promise<Said | null> {
  const values: { readonly name: string; readonly attributes: ReadonlyMap<string, string>; text: string }[] =
    [];
  const path: number[] = [];
  let readable = true;
  await walk(
    octets,
    () => {
      readable = false;
    },
    () => null,
    {
      open({ name, namespace, attributes }) {
        const isKept = namespace === DSIG && values.length < MAX_VALUES;
        if (isKept) values.push({ name, attributes, text: "" });
        path.push(isKept ? values.length - 1 : -1);
      },
      text(text) {
        const value = values[path.at(-1) ?? -1];
        if (value !== undefined && value.text.length < MAX_TEXT) value.text += text.replace(/\s+/g, "");
      },
      close: () => void path.pop(),
    },
  );
  const all = (name: string) => values.filter((value) => value.name === name);
  const algorithm = (name: string): string => all(name)[0]?.attributes.get("Algorithm") ?? "";
  const text = (name: string): string => all(name)[0]?.text ?? "";
  const isOne = ONCE.every((name) => all(name).length === 1);
  const transforms = all("Transform").map(({ attributes }) => attributes.get("Algorithm") ?? "");
  const forms = transforms.filter((each) => each !== ENVELOPED).map((each) => CANONICAL[each]);
  const info = CANONICAL[algorithm("CanonicalizationMethod")];
  const digest = DIGESTS[algorithm("DigestMethod")];
  const signature = SIGNATURES[algorithm("SignatureMethod")];
  const key = keyOf(text("X509Certificate"), text("Modulus"), text("Exponent"));
  if (!readable || !isOne || all("Reference")[0]?.attributes.get("URI") !== LETTER) return null;
  if (info === undefined || digest === undefined || signature === undefined || key === null) return null;
  if (forms.length > 1 || forms.includes(undefined)) return null;
  return {
    digest,
    algorithm: signature,
    isInfoExclusive: info === "exclusive",
    isLetterExclusive: forms[0] === "exclusive",
    digestValue: text("DigestValue"),
    value: text("SignatureValue"),
    key,
  };
}

/** Null for a key that is none, or is of another kind than the signatures that are checked here. */
function keyOf(certificate: string, modulus: string, exponent: string): KeyObject | null {
  const encoded = (base64: string): string => Buffer.from(base64, "base64").toString("base64url");
  try {
    const key =
      certificate !== ""
        ? new X509Certificate(Buffer.from(certificate, "base64")).publicKey
        : createPublicKey({ key: { kty: "RSA", n: encoded(modulus), e: encoded(exponent) }, format: "jwk" });
    const { modulusLength = 0, publicExponent = 0n } = key.asymmetricKeyDetails ?? {};
    const isSane = modulusLength >= 1_024 && modulusLength <= 8_192 && publicExponent < LARGEST_EXPONENT;
    return key.asymmetricKeyType === "rsa" && isSane ? key : null;
  } catch {
    return null;
  }
}

interface Watcher {
  open(element: XmlElement): void;
  text(text: string): void;
  close(): void;
}

/**
 * Goes through the XML and gives each element that is chosen, with all that stands in it, to its canonicaliser.
 * @param giveUp called for what cannot be canonicalised: no XML, entities in base64, a chosen element within another
 */
async function walk(
  octets: AsyncIterable<Buffer>,
  giveUp: () => void,
  choose: (element: XmlElement) => Canonicaliser | null,
  watcher: Watcher | null = null,
): Promise<void> {
  const scopes: ReadonlyMap<string, string>[] = [new Map()];
  let chosen: { readonly canonicaliser: Canonicaliser; readonly depth: number } | null = null;
  let endedWithCr = false;
  const fault = await readXml(octets, {
    open(element) {
      const scope = new Map(scopes.at(-1));
      for (const [name, uri] of element.attributes)
        if (/^xmlns(?::|$)/u.test(name)) scope.set(name.slice(6), uri);
      scopes.push(scope);
      watcher?.open(element);
      const canonicaliser = choose(element);
      if (canonicaliser !== null && chosen !== null) giveUp();
      else if (canonicaliser !== null) chosen = { canonicaliser, depth: scopes.length };
      chosen?.canonicaliser.open(element, scope);
      endedWithCr = false;
      return /^(?:MainLetter|Attachment)BinaryObject$/.test(element.name);
    },
    text(text) {
      watcher?.text(text);
      chosen?.canonicaliser.text(text);
    },
    raw(piece) {
      if (piece.includes("&")) giveUp();
      // The parser, which makes one line end of all, has not seen it; CR LF may come in two pieces.
      const text = (endedWithCr ? "\r" : "") + piece;
      endedWithCr = text.endsWith("\r");
      const whole = endedWithCr ? text.slice(0, -1) : text;
      chosen?.canonicaliser.text(whole.replace(/\r\n?/g, "\n"));
    },
    close() {
      if (endedWithCr) chosen?.canonicaliser.text("\n");
      endedWithCr = false;
      watcher?.close();
      chosen?.canonicaliser.close();
      if (chosen !== null && scopes.length === chosen.depth) chosen = null;
      scopes.pop();
    },
  });
  if (fault !== null) giveUp();
}
