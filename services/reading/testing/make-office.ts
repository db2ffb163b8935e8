import { strToU8, zipSync } from "fflate";

/** Documents as Word and LibreOffice pack them, with what a test puts into them. */

export const DOCX_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
export const ODT_TYPE = "application/vnd.oasis.opendocument.text";

const zipped = (members: Readonly<Record<string, string>>): Uint8Array =>
  zipSync(Object.fromEntries(Object.entries(members).map(([name, text]) => [name, strToU8(text)])));

/** Each text as a paragraph of Word's. */
export function paragraphs(...texts: string[]): string {
  return texts.map((text) => `<w:p><w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`).join("");
}

/** @param body XML of Word's body */
export function docx(body: string, others: Readonly<Record<string, string>> = {}): Uint8Array {
  return zipped({
    "[Content_Types].xml": "<Types/>",
    "word/document.xml": `<?xml version="1.0" encoding="UTF-8"?>\n<w:document><w:body>${body}</w:body></w:document>`,
    ...others,
  });
}

/** @param pages XML of styles.xml, where the heads and feet of the pages stand */
export function odt(body: string, pages = "", manifest = ""): Uint8Array {
  return zipped({
    mimetype: ODT_TYPE,
    "content.xml": `<office:document-content><office:body>${body}</office:body></office:document-content>`,
    "styles.xml": `<office:document-styles>${pages}</office:document-styles>`,
    "META-INF/manifest.xml": `<manifest:manifest>${manifest}</manifest:manifest>`,
  });
}
