//! Who calls, when proxies stand between: the address that a limit counts, and the hosts under
//! which we may be known. `Forwarded` and `X-Forwarded-*` are what anybody can write, so they
//! are read only when the connection comes from a proxy that `server.trusted_proxies` names.

use crate::address::TrustedProxies;
use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use std::net::{IpAddr, SocketAddr};
use std::sync::Once;

/// The caller's address: the peer's, or behind trusted proxies the nearest one that is none of
/// them. Where `Forwarded` and `X-Forwarded-For` are both there and tell of different callers,
/// one of them was written by a caller and passed on by a proxy that knows only the other: then
/// neither is believed, and the caller counts as the proxy.
pub(super) fn address(request: &HttpRequest, proxies: &TrustedProxies) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let headers = request.headers();
    if !proxies.contains(peer) {
        if FORWARDED.iter().any(|name| headers.contains_key(*name)) {
            tell_of_unnamed_proxy();
        }
        return Some(peer);
    }
    let list = lines(headers, "x-forwarded-for").flat_map(|line| line.split(','));
    let list = nearest_stranger(peer, list.map(hop).collect(), proxies);
    let parameters = forwarded(headers, "for").into_iter();
    let standard = nearest_stranger(peer, parameters.map(|value| hop(&value)).collect(), proxies);
    Some(match (list, standard) {
        (Some(one), Some(other)) if one == other => one,
        (Some(_), Some(_)) => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    })
}

const FORWARDED: [&str; 2] = ["forwarded", "x-forwarded-for"];

/// Once: it may be a caller who made the header up, or a proxy that the operator forgot, behind
/// which everybody counts as one.
fn tell_of_unnamed_proxy() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        tracing::warn!(
            "a request tells of another caller and does not come from server.trusted_proxies; if \
             a proxy of yours sent it, name the proxy, or all of its callers share their limits"
        );
    });
}

/// The hosts that a page of ours may have been served under.
pub(super) fn hosts(request: &HttpRequest, proxies: &TrustedProxies) -> Vec<String> {
    let headers = request.headers();
    let own = lines(headers, header::HOST.as_str()).map(str::to_owned);
    let mut hosts: Vec<String> = own.collect();
    let peer = request.peer_addr().map(|peer| peer.ip());
    if peer.is_some_and(|peer| proxies.contains(peer)) {
        let list = lines(headers, "x-forwarded-host").flat_map(|line| line.split(','));
        hosts.extend(list.map(|host| host.trim().to_owned()));
        hosts.extend(forwarded(headers, "host"));
    }
    hosts
}

/// Walks from the connection's end towards the caller for as long as the hops are ours; a hop
/// that does not say an address ends the way. `None` when there are no hops.
fn nearest_stranger(
    peer: IpAddr,
    hops: Vec<Option<IpAddr>>,
    proxies: &TrustedProxies,
) -> Option<IpAddr> {
    if hops.is_empty() {
        return None;
    }
    let mut nearest = peer;
    for hop in hops.into_iter().rev() {
        match hop {
            Some(address) if proxies.contains(nearest) => nearest = address,
            _ => break,
        }
    }
    Some(nearest)
}

/// `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1` or `[2001:db8::1]:4711`.
fn hop(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let address: Option<IpAddr> = text.parse().ok();
    address
        .or_else(bare)
        .or_else(|| text.parse::<SocketAddr>().map(|socket| socket.ip()).ok())
        .map(|address| address.to_canonical())
}

fn lines<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).filter_map(|line| line.to_str().ok())
}

/// The values of one parameter in all elements of `Forwarded` (RFC 7239), in their order.
fn forwarded(headers: &HeaderMap, parameter: &str) -> Vec<String> {
    lines(headers, "forwarded")
        .flat_map(|line| unquoted(line, ','))
        .flat_map(|element| unquoted(element, ';'))
        .filter_map(|pair| pair.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case(parameter))
        .map(|(_, value)| value.trim().trim_matches('"').replace('\\', ""))
        .collect()
}

/// Splits at a separator that is not within quotes.
fn unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |c: char| {
        let was_escaped = escaped;
        escaped = quoted && !was_escaped && c == '\\';
        if c == '"' && !was_escaped {
            quoted = !quoted;
        }
        c == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn seen(peer: &str, headers: &[(&str, &str)]) -> String {
        let proxies = TrustedProxies::of(&["10.0.0.0/8".to_owned(), "2001:db8:ff::1".to_owned()]);
        let peer = SocketAddr::new(peer.parse().expect("an address"), 4711);
        let mut request = TestRequest::default().peer_addr(peer);
        for header in headers {
            request = request.append_header(*header);
        }
        let address = address(&request.to_http_request(), &proxies);
        address.expect("there is a peer").to_string()
    }

    #[test]
    fn a_stranger_is_not_believed_about_where_they_are() {
        for header in ["X-Forwarded-For", "X-Real-Ip"] {
            assert_eq!(seen("192.0.2.1", &[(header, "198.51.100.7")]), "192.0.2.1");
        }
        let forwarded = [("Forwarded", "for=198.51.100.7")];
        assert_eq!(seen("192.0.2.1", &forwarded), "192.0.2.1");
    }

    #[test]
    fn behind_a_trusted_proxy_the_nearest_hop_that_is_not_ours_is_the_caller() {
        for (value, expected) in [
            ("198.51.100.7", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7", "198.51.100.7"),
            ("203.0.113.9, 198.51.100.7, 10.1.2.3", "198.51.100.7"),
            ("198.51.100.7:8080", "198.51.100.7"),
            ("[2001:db8::7]:8080", "2001:db8::7"),
            ("2001:db8::7", "2001:db8::7"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("10.9.9.9", "10.9.9.9"),
            ("unknown", "10.0.0.1"),
            ("198.51.100.7, unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            assert_eq!(
                seen("10.0.0.1", &[("X-Forwarded-For", value)]),
                expected,
                "{value}"
            );
        }
        let two_lines = [
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-For", "198.51.100.7"),
        ];
        assert_eq!(seen("10.0.0.1", &two_lines), "198.51.100.7");
    }

    #[test]
    fn the_standard_header_is_read_with_its_quotes() {
        for (value, expected) in [
            ("for=198.51.100.7", "198.51.100.7"),
            (
                "for=203.0.113.9, For=\"198.51.100.7:4711\";proto=https",
                "198.51.100.7",
            ),
            (
                "by=10.0.0.1;for=\"[2001:db8::7]:4711\";host=a.example",
                "2001:db8::7",
            ),
            ("for=198.51.100.7;host=\"a, for=1.2.3.4\"", "198.51.100.7"),
            ("for=_hidden", "10.0.0.1"),
            ("proto=https", "10.0.0.1"),
        ] {
            assert_eq!(
                seen("10.0.0.1", &[("Forwarded", value)]),
                expected,
                "{value}"
            );
        }
    }

    #[test]
    fn two_headers_that_tell_of_different_callers_are_both_dropped() {
        let both = |for_: &'static str, list: &'static str| {
            seen(
                "10.0.0.1",
                &[("Forwarded", for_), ("X-Forwarded-For", list)],
            )
        };
        assert_eq!(both("for=198.51.100.7", "198.51.100.7"), "198.51.100.7");
        assert_eq!(both("for=203.0.113.9", "198.51.100.7"), "10.0.0.1");
    }
}
