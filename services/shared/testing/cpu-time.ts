/**
 * What this process has computed so far, ms of CPU time: a bound on it holds on a machine that others keep busy, where one
 * on the time of day would not.
 */
export function cpuTimeMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
