import { fromBufferPromise, openPromise, type ZipFile } from "yauzl";
import type { PartContent } from "../../shared/mime/part-content.ts";

const IN_MEMORY_BYTES = 256 * 1024;

/**
 * Opens an archive, from memory when it is small. Names are decoded, sizes and checksums checked by the caller: the library
 * would give up the whole list at the first lie. To be closed by the caller.
 * @throws Error when it is no archive
 */
export async function openZip(content: PartContent): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false, validateEntrySizes: false };
  const zip =
    content.sizeBytes <= IN_MEMORY_BYTES
      ? await fromBufferPromise(await content.read(), options)
      : await openPromise(await content.path(), options);
  // What it says again after an operation has failed is nobody's any more.
  zip.on("error", () => {});
  return zip;
}
