/**
 * A second reader of the sealed form, written from the text at the head of sealed-form.ts alone and with another
 * interface to cryptography (Web Crypto): what it reads, a reader of somebody else's will.
 */
export async function readSealed(
  octets: Uint8Array,
  dataKey: Uint8Array,
  what: { readonly holds: "body" | "facts"; readonly letterId: string; readonly part: string },
): Promise<{ content: Uint8Array; aesKey: Uint8Array }> {
  const view = Buffer.from(octets);
  if (view.toString("ascii", 0, 8) !== "SARBSEAL" || view[8] !== 1 || view[10] !== 16 || view[11] !== 0)
    throw new Error("not the sealed form");
  if (view[9] !== (what.holds === "body" ? 1 : 2)) throw new Error("holds something else");
  const salt = view.subarray(12, 44);
  const text = (said: string): Buffer => {
    const utf8 = Buffer.from(said, "utf8");
    return Buffer.concat([Buffer.from([utf8.length >> 8, utf8.length & 255]), utf8]);
  };
  const info = Buffer.concat([
    Buffer.from(`saraban closed ${what.holds} 1`, "ascii"),
    Buffer.from([0]),
    view.subarray(0, 12),
    text(what.letterId),
    text(what.part),
  ]);
  const given = await crypto.subtle.importKey("raw", new Uint8Array(dataKey), "HKDF", false, ["deriveBits"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(salt), info: new Uint8Array(info) };
  const derived = Buffer.from(await crypto.subtle.deriveBits(hkdf, given, 512));
  if (!derived.subarray(32).equals(view.subarray(44, 76))) throw new Error("another key");
  const aesKey = new Uint8Array(derived.subarray(0, 32));
  const key = await crypto.subtle.importKey("raw", aesKey, "AES-GCM", false, ["decrypt"]);
  const pieces: Uint8Array[] = [];
  let at = 76;
  for (let number = 0; ; number++) {
    const end = Math.min(at + 65_536 + 16, view.length);
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(7, number);
    iv[11] = end === view.length ? 1 : 0;
    const gcm = { name: "AES-GCM", iv, additionalData: new Uint8Array(info), tagLength: 128 };
    pieces.push(
      new Uint8Array(await crypto.subtle.decrypt(gcm, key, new Uint8Array(view.subarray(at, end)))),
    );
    at = end;
    if (at === view.length) return { content: Buffer.concat(pieces), aesKey };
  }
}
