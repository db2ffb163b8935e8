import { BlockList, isIPv4, isIPv6 } from "node:net";

/** What nobody on the Internet has for an address (IANA's registries of special-purpose addresses, RFC 6890). */
const NETWORKS: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
  ["::", 96], // unspecified, loopback, and IPv4-compatible
  ["64:ff9b::", 96], // whatever IPv4 address a translator makes of it
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16], // 6to4 carries an IPv4 address
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["fec0::", 10],
  ["ff00::", 8],
];

/** Tells the addresses that nobody outside may send us to: who owns a domain chooses where its MX records point. */
export function openPrivateAddresses(): (address: string) => boolean {
  const blocked = new BlockList();
  for (const [network, bits] of NETWORKS)
    blocked.addSubnet(network, bits, network.includes(":") ? "ipv6" : "ipv4");
  // An IPv4 address in the clothes of an IPv6 one (::ffff:127.0.0.1) is checked by BlockList as what it is.
  return (address) => {
    if (isIPv4(address)) return blocked.check(address, "ipv4");
    return !isIPv6(address) || blocked.check(address, "ipv6");
  };
}
