import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../shared/runtime/settings.ts";
import type { Fault } from "../problem.ts";

/** Checks a document against a schema of schemas/xsd; what is wrong with it, or nothing. */
export type DocumentSchema = (xml: string) => readonly Fault[];

const FOLDER = join(projectDir, "schemas/xsd");
/** Names of our own for what the schema imports: the library asks nobody else for them. */
const IMPORTED = ["government-document-entities.xsd"];

/**
 * The only file that knows libxml2: it sees our own rewriting of what a stranger sent (xml-skeleton.ts), never his octets.
 * Loaded with the first XML letter: a service that gets none is spared its memory.
 */
export async function openDocumentSchema(name: string): Promise<DocumentSchema> {
  const {
    ParseOption,
    XmlBufferInputProvider,
    XmlDocument,
    XmlParseError,
    XmlValidateError,
    XsdValidator,
    xmlRegisterInputProvider,
  } = await import("libxml2-wasm");
  const files = Object.fromEntries(
    [name, ...IMPORTED].map((file) => [file, new Uint8Array(readFileSync(join(FOLDER, file)))]),
  );
  xmlRegisterInputProvider(new XmlBufferInputProvider(files));
  const own = XmlDocument.fromBuffer(files[name] as Uint8Array, {
    url: name,
    option: ParseOption.XML_PARSE_NONET,
  });
  const validator = XsdValidator.fromDoc(own);
  own.dispose();
  return (xml) => {
    let document: InstanceType<typeof XmlDocument>;
    try {
      document = XmlDocument.fromString(xml, { option: ParseOption.XML_PARSE_NONET });
    } catch (error) {
      // A namespace that is no URI, say, which the gate lets pass.
      if (!(error instanceof XmlParseError)) throw error;
      return [{ pointer: "", en: "is no well-formed XML with namespaces", th: "ข้อมูล XML ไม่สมบูรณ์" }];
    }
    try {
      validator.validate(document);
      return [];
    } catch (error) {
      if (!(error instanceof XmlValidateError)) throw error;
      return error.details.slice(0, MOST_FAULTS).map(({ message, xpath = "" }) => ({
        pointer: pathOf(xpath),
        en: wordsOf(message),
        th: "ไม่เป็นไปตามโครงสร้าง XML ที่กำหนด (schemas/xsd)",
      }));
    } finally {
      document.dispose();
    }
  };
}

const MOST_FAULTS = 20;
const LONGEST_PATH = 300;

/** /GovernmentDocument/CorrespondenceLetter/Subject: which namespace a prefix stands for the reader knows. */
function pathOf(xpath: string): string {
  return xpath.replaceAll(/\/[a-z]{1,10}:/g, "/").slice(0, LONGEST_PATH);
}

const LONGEST_WORDS = 300;

/** What the library quotes: the words of a letter, which may be classified. */
const WITH_VALUE =
  /^(Element '[^']{1,100}'(?:, attribute '[^']{1,100}')?: (?:\[facet '[A-Za-z]{1,30}'\] )?)(?:The value )?'.*' (?=is not )/s;

/** Without the namespaces in braces, which make the library's words unreadable. */
function wordsOf(message: string): string {
  return message
    .replaceAll(/\{(?:urn|http|https):[^{}]{0,200}\}/g, "")
    .replace(WITH_VALUE, "$1The value ")
    .trim()
    .slice(0, LONGEST_WORDS);
}
