//! Which addresses events may be posted to: pure. Whoever may name an endpoint must not reach what only this host reaches.
//!
//! Registries: IANA IPv4 and IPv6 Special-Purpose Address Space (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What kind of address it is, as far as that matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Anybody's.
    Public,
    /// Of this host or of the company's own network: allowed where that is configured.
    Private,
    /// Where no endpoint is, whatever is configured: link-local addresses, behind which clouds keep credentials, groups,
    /// and what is reserved.
    Never,
}

/// Where an address leads.
pub(super) fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    let [a, b, c, _] = address.octets();
    let is_private = address.is_private() || address.is_loopback() || (a == 100 && (64..128).contains(&b));
    let is_reserved = address == SHARED_METADATA
        || a == 0
        || a >= 240
        || address.is_multicast()
        || address.is_link_local()
        || address.is_documentation()
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b));
    match (is_private, is_reserved) {
        (_, true) => Reach::Never,
        (true, false) => Reach::Private,
        (false, false) => Reach::Public,
    }
}

/// Where a cloud answers questions about a machine, in the addresses that carriers share (RFC 6598).
const SHARED_METADATA: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);

/// Where clouds answer questions about a machine beside 169.254.169.254.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = carried(address) {
        return reach_v4(inner);
    }
    if address.is_loopback() || (address.is_unique_local() && address != METADATA) {
        return Reach::Private;
    }
    let [first, second, ..] = address.segments();
    // Global unicast is 2000::/3; of it, Teredo, documentation and ORCHID are nobody's endpoint.
    let is_global =
        first & 0xe000 == 0x2000 && !(first == 0x2001 && second < 0x200) && (first, second) != (0x2001, 0xdb8);
    if is_global && first != 0x3fff { Reach::Public } else { Reach::Never }
}

/// The IPv4 address that an IPv6 address leads to: mapped, compatible, NAT64 (RFC 6052) and 6to4.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let whole = address.to_bits();
    let low = || Ipv4Addr::from_bits(u32::try_from(whole & 0xffff_ffff).unwrap_or_default());
    let [first, second, third, ..] = address.segments();
    if let Some(mapped) = address.to_ipv4_mapped() {
        return Some(mapped);
    }
    if first == 0x2002 {
        return Some(Ipv4Addr::from_bits((u32::from(second) << 16) | u32::from(third)));
    }
    if whole >> 32 == 0x0064_ff9b_u128 << 64 {
        return Some(low());
    }
    (whole >> 32 == 0 && whole > 1).then(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Reach, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(reach(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn what_anybody_reaches_is_public() {
        check(Reach::Public, &["8.8.8.8", "172.32.0.1", "100.63.255.255", "100.128.0.1", "192.169.0.1", "198.20.0.1"]);
        check(Reach::Public, &["2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]);
    }

    #[test]
    fn the_companys_own_is_private() {
        check(Reach::Private, &["127.0.0.1", "127.8.9.10", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"]);
        check(Reach::Private, &["100.64.0.1", "::1", "fd12:3456::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"]);
        // In other clothes.
        check(Reach::Private, &["64:ff9b::7f00:1", "2002:7f00:1::1", "::10.0.0.1"]);
    }

    #[test]
    fn where_credentials_and_groups_are_nobody_goes() {
        check(
            Reach::Never,
            &["169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "fe80::1", "2002:a9fe:a9fe::1"],
        );
        check(Reach::Never, &["0.0.0.0", "0.1.2.3", "255.255.255.255", "240.0.0.1", "224.0.0.1", "::", "ff02::1"]);
        check(
            Reach::Never,
            &["192.0.0.8", "192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "2001::1", "fec0::1"],
        );
        check(Reach::Never, &["100.100.100.200", "::ffff:100.100.100.200", "64:ff9b::6464:64c8"]);
        check(Reach::Never, &["64:ff9b:1::1", "100::1", "64:ff9b::a9fe:a9fe", "3fff::1"]);
    }
}
