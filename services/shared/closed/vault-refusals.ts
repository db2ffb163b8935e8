import { KeyFault, type KeyFaultKind } from "./key-provider.ts";

export interface Refused {
  readonly status: number;
  readonly errors: readonly string[];
}

/** What a key server's refusal means, and what an operator does about it. */
export function refusalOf(host: string, path: string, { status, errors }: Refused): KeyFault {
  const said = oneLine(errors);
  const [fault, words] = meaningOf(path, status, said);
  const answer = said === "" ? `HTTP ${status}` : `HTTP ${status}: ${said}`;
  return new KeyFault(fault, `the key server ${host}: ${words} (${path}: ${answer})`);
}

function meaningOf(path: string, status: number, said: string): [KeyFaultKind, string] {
  if (status === 403) {
    return [
      "denied",
      "the token is wrong, has run out, or its policy does not allow this; have a token made with the policy that README shows, and put it into the file of closed.vault.tokenFile",
    ];
  }
  if (said.includes("sealed"))
    return [
      "sealed",
      "it is sealed. Whoever holds its unseal keys opens it (vault operator unseal); until then nothing classified is taken in or opened",
    ];
  if (said.includes("no handler for route") || said.includes("unsupported path"))
    return ["unfit", "no transit engine is mounted there: closed.keys ends with the path of the mount"];
  if (status === 404 || said.includes("not found")) {
    const name = path.split("/").at(-1);
    return [
      "lost",
      `it has no key ${name}. Where letters are sealed under it, restore it (vault write transit/restore/…); else make it: vault write -f transit/keys/${name} derived=true`,
    ];
  }
  if (/too (?:old|new)|disallowed by policy/.test(said))
    return [
      "lost",
      "it does not have that version of the key, or may not use it any more (min_decryption_version)",
    ];
  if (said.includes("message authentication failed") || said.includes("invalid ciphertext"))
    return ["damaged", "the wrapped key was changed, or is that of another letter or another key"];
  if (status >= 300 && status < 400)
    return [
      "unfit",
      "it sends us to another server: closed.keys names the active one, or a balancer before them",
    ];
  if (status === 429 || status >= 500) return ["unreachable", "it cannot answer now"];
  return ["unfit", "it refuses what we ask for"];
}

/** An answer is somebody else's text: short, in one line, without controls. */
function oneLine(errors: readonly string[]): string {
  return errors
    .join("; ")
    .replaceAll(/[\s\p{C}]+/gu, " ")
    .trim()
    .slice(0, 200);
}
