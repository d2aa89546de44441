//! Where callers are: the block of addresses that one of them holds, which is what is counted,
//! and the networks of the proxies in front of us, which are the only ones believed about others.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv6Addr};

/// What one caller can be expected to hold: an IPv4 address, or the /64 of an IPv6 address,
/// because a subscriber is given that many and could use each of them once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressBlock(IpAddr);

impl From<IpAddr> for AddressBlock {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            v4 @ IpAddr::V4(_) => Self(v4),
            IpAddr::V6(v6) => {
                let subscriber = v6.to_bits() & !u128::from(u64::MAX);
                Self(IpAddr::V6(Ipv6Addr::from_bits(subscriber)))
            }
        }
    }
}

/// The proxies that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// From addresses and networks as text; what is neither is the configuration's to refuse.
    #[must_use]
    pub fn of(texts: &[String]) -> Self {
        Self(texts.iter().filter_map(|text| network(text)).collect())
    }

    /// True for an address of one of the proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }
}

/// `10.0.0.0/8`, `2001:db8::/32`, or a single address.
#[must_use]
pub fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let single = || {
        let address: IpAddr = text.parse().ok()?;
        Some(IpNet::from(address.to_canonical()))
    };
    text.parse::<IpNet>().ok().or_else(single)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> AddressBlock {
        AddressBlock::from(text.parse::<IpAddr>().expect("an address"))
    }

    #[test]
    fn an_ipv6_subscriber_is_one_block_and_a_mapped_ipv4_address_is_itself() {
        assert_eq!(block("2001:db8:1:2::1"), block("2001:db8:1:2:ffff::9"));
        assert_ne!(block("2001:db8:1:2::1"), block("2001:db8:1:3::1"));
        assert_eq!(block("::ffff:192.0.2.7"), block("192.0.2.7"));
        assert_ne!(block("192.0.2.7"), block("192.0.2.8"));
    }

    #[test]
    fn proxies_are_named_by_address_or_network() {
        let texts = ["192.0.2.7", " 10.0.0.0/8", "2001:db8::/32"].map(str::to_owned);
        let proxies = TrustedProxies::of(&texts);
        for inside in ["192.0.2.7", "10.200.0.1", "::ffff:10.0.0.1", "2001:db8::1"] {
            assert!(
                proxies.contains(inside.parse().expect("an address")),
                "{inside}"
            );
        }
        for outside in ["192.0.2.8", "11.0.0.1", "2001:db9::1"] {
            assert!(
                !proxies.contains(outside.parse().expect("an address")),
                "{outside}"
            );
        }
        assert!(network("10.0.0.0/33").is_none());
        assert!(network("proxy.example").is_none());
    }
}
