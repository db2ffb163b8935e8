import { BlockList, isIP } from "node:net";
import { SettingsError } from "./settings.ts";

/** Whether an IP address, as a socket reports it, lies in one of some networks. */
export type NetworkSet = (address: string) => boolean;

/**
 * Reads networks in CIDR form (`192.0.2.0/24, 2001:db8::/32`; an address alone is itself), commas or white space between
 * them. An IPv4 client of a dual-stack socket (`::ffff:192.0.2.1`) is in its IPv4 network.
 *
 * @param setting the setting's name, for the message
 * @throws SettingsError with every entry that is no network
 */
export function readNetworks(text: string, setting: string): NetworkSet {
  const list = new BlockList();
  const faults: string[] = [];
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== "");
  for (const entry of entries) {
    const [address = "", prefix, ...more] = entry.split("/");
    const version = isIP(address);
    const longest = version === 6 ? 128 : 32;
    const length = prefix === undefined ? longest : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (version === 0 || address.includes("%") || more.length > 0 || length < 0 || length > longest) {
      faults.push(`${setting}: ${JSON.stringify(entry)} is no network; write 192.0.2.0/24 or 2001:db8::/32`);
    } else {
      list.addSubnet(address, length, version === 6 ? "ipv6" : "ipv4");
    }
  }
  if (faults.length > 0) throw new SettingsError(faults);
  if (entries.length === 0) return () => false;
  return (address) => {
    const plain = address.split("%")[0] ?? "";
    const version = isIP(plain);
    return version !== 0 && list.check(plain, version === 6 ? "ipv6" : "ipv4");
  };
}
