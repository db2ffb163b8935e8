/** What a person can do about the faults that are not the program's. */
export function adviceFor(words: string): string {
  if (/No space left on device/.test(words)) return " (The disk is full: make room, then start again.)";
  if (/could not look up effective user ID/.test(words)) {
    return " (initdb needs a user with a name: add a line for this id to /etc/passwd, or set DATABASE_URL.)";
  }
  // EINVAL: a user namespace that has no such id.
  if (/spawn (?:EPERM|EINVAL)|Operation not permitted/.test(words)) {
    return " (Root may not change its user here: start as an ordinary user, or set DATABASE_URL.)";
  }
  if (/Cannot allocate memory|could not map anonymous shared memory/.test(words)) {
    return " (Not enough memory for shared_buffers: free some, or set DATABASE_URL to a server elsewhere.)";
  }
  return "";
}
