//! Links round-trip, damage is reported and never panics, old links open, links are short.

use super::*;
use crate::json;
use expect_test::expect;

const STORM: &str = r#"{"faultline": 1, "name": "Retry storm", "seed": 7, "duration": "120s", "warmup": "10s",
  "nodes": [
    {"id": "shoppers", "kind": "client", "at": [80, 200], "arrivals": {"poisson": "220/s"}, "patience": "5s"},
    {"id": "balancer", "kind": "load_balancer", "at": [320, 200]},
    {"id": "api", "kind": "service", "at": [560, 200], "replicas": 3, "service_time": "lognormal(p50=4ms,p99=20ms)"},
    {"id": "database", "kind": "database", "at": [800, 200], "connections": 200}],
  "links": [
    {"from": "shoppers", "to": "balancer", "latency": "10ms", "timeout": "2s", "retry": {"max_attempts": 3}},
    {"from": "balancer", "to": "api", "timeout": "1s", "retry": {"max_attempts": 3}},
    {"from": "api", "to": "database", "timeout": "300ms", "pool": {"size": 20, "wait": "1s"}, "retry": {"max_attempts": 4,
      "jitter": "full", "backoff": {"exponential": {"base": "50ms", "cap": "2s"}}, "budget": {"ratio": 0.1, "burst": 10}}}],
  "faults": [{"at": "30s", "for": "10s", "kind": "slowdown", "target": "database", "times": 10}],
  "requirements": [{"metric": "availability", "at_least": 0.999}, {"metric": "latency_p99", "at_most": "300ms"}]}"#;

fn storm() -> Shared {
    Shared {
        design: json::read(STORM).unwrap(),
        view: Some(View {
            x: -40,
            y: 12,
            zoom_percent: 85,
        }),
    }
}

/// A link with this document in it, checksum and all.
fn link_of(document: &[u8]) -> String {
    let mut bytes = vec![0];
    bytes.extend(document);
    bytes.extend(checksum(document).to_le_bytes());
    format!("d1.{}", URL_SAFE_NO_PAD.encode(bytes))
}

#[test]
fn a_link_is_found_in_what_people_paste() {
    let shared = storm();
    let link = encode(&shared);
    for text in [
        link.clone(),
        format!("#{link}"),
        format!(" https://example.org/play/?a=b#{link}\n"),
        format!("https://example.org/embed.html#{link}&t=3"),
        format!("http://localhost:8080/#{link})."),
    ] {
        assert_eq!(decode(&text).as_ref(), Ok(&shared), "{text}");
    }
}

#[test]
fn an_old_bound_on_availability_is_a_share_in_percent() {
    for (old, new) in [(99.9, 0.999), (250.0, 1.0), (-1.0, 0.0), (0.5, 0.5)] {
        let mut shared = storm();
        shared.design.requirements[0].at_least = Some(design::requirement::Bound::Number(old));
        let opened = decode(&encode(&shared)).unwrap();
        let bound = opened.design.requirements[0].at_least;
        assert_eq!(
            bound,
            Some(design::requirement::Bound::Number(new)),
            "{old}"
        );
        assert_eq!(opened.design.requirements[1], shared.design.requirements[1]);
    }
}

#[test]
fn absent_invalid_newer_and_wrong_are_told_apart() {
    let link = encode(&storm());
    let mut broken = storm();
    broken.design.links[1].to = "nobody".to_owned();
    broken.design.nodes.remove(3);
    for (text, expected) in [
        ("", expect!["There is no design in this link."]),
        (
            "https://example.org/play/",
            expect!["There is no design in this link."],
        ),
        (
            "https://example.org/#about",
            expect!["There is no design in this link."],
        ),
        ("#d.x", expect!["There is no design in this link."]),
        (
            "#d1.",
            expect![
                "This link is damaged: it is empty. It may have been truncated. Ask the sender for it again."
            ],
        ),
        (
            &link[..90],
            expect![
                "This link is damaged: it is truncated. It may have been truncated. Ask the sender for it again."
            ],
        ),
        (
            &link[..link.len() - 1],
            expect![
                "This link is damaged: it is truncated. It may have been truncated. Ask the sender for it again."
            ],
        ),
        (
            &link.to_lowercase(),
            expect![
                "This link is damaged: it is truncated. It may have been truncated. Ask the sender for it again."
            ],
        ),
        (
            "#d0.AAAA",
            expect![
                "This link is damaged: link format 0 does not exist. It may have been truncated. Ask the sender for it again."
            ],
        ),
        (
            "#d2.AAAA",
            expect![
                "This link was made by a newer Faultline (link format 2) than this one. Reload the page, or update, to open it."
            ],
        ),
        (
            &link_of(&[0xff, 0xff, 0xff, 0x7f]),
            expect![
                "This link was made by a newer Faultline (link format 1) than this one. Reload the page, or update, to open it."
            ],
        ),
        (
            &encode(&broken),
            expect![[
                r#"The design in this link cannot be opened: links[1].to: unknown node ""; expected one of api, balancer, shoppers (and 2 more problems)"#
            ]],
        ),
    ] {
        let said = decode(text).unwrap_err();
        expected.assert_eq(&format!("{said}"));
    }
}

#[test]
fn what_is_too_large_is_refused_before_it_unfolds() {
    let long = format!("d1.{}", "A".repeat(LENGTH_MAX + 1));
    assert_eq!(
        decode(&long),
        Err(LinkError::Invalid("it is longer than 65,536 characters"))
    );
    let mut bomb = vec![DEFLATED];
    bomb.extend(deflate::compress_to_vec(&vec![0; 10_000_000], 9));
    let bomb = format!("d1.{}", URL_SAFE_NO_PAD.encode(bomb));
    assert_eq!(
        decode(&bomb),
        Err(LinkError::Invalid("it decompresses to more than 256 KB"))
    );
    // Nodes without end, and nodes that take a byte each.
    let mut many = bytes::Writer::default();
    many.integer(1 << 3);
    many.integer(200_000);
    assert!(decode(&link_of(&many.bytes)).is_err());
    many.bytes.extend(vec![2; 250_000]);
    let mut packed = many.bytes.clone();
    packed.extend(checksum(&many.bytes).to_le_bytes());
    let mut body = vec![DEFLATED];
    body.extend(deflate::compress_to_vec(&packed, 9));
    assert_eq!(
        decode(&format!("d1.{}", URL_SAFE_NO_PAD.encode(body))),
        Err(LinkError::Invalid("it contains more than 60,000 entries"))
    );
}

/// Any damage gives an error or, where it hits nothing that counts, the same design; never a panic.
#[test]
fn damage_is_noticed() {
    testing::cases(30, 30).check(|design, rng| {
        let shared = Shared {
            design: design.clone(),
            view: None,
        };
        let link = encode(&shared);
        for _ in 0..60 {
            let mut bytes = link.clone().into_bytes();
            match rng.below(4) {
                0 => bytes.truncate(rng.place(bytes.len())),
                1 => {
                    let at = 3 + rng.place(bytes.len() - 3);
                    bytes[at] = *rng.pick(b"AZaz09-_");
                }
                2 => {
                    let at = 3 + rng.place(bytes.len() - 3);
                    bytes.remove(at);
                }
                _ => {
                    let at = rng.place(bytes.len());
                    bytes[at] = rng.below(128) as u8;
                }
            }
            let damaged = String::from_utf8(bytes).unwrap();
            if let Ok(opened) = decode(&damaged) {
                assert_eq!(opened, shared, "{damaged}");
            }
        }
    });
}

/// What comes with a right checksum from a hostile hand ends in a valid design or an error.
#[test]
fn hostile_documents_never_panic() {
    let (mut opened, mut refused) = (0, 0);
    let mut count = |link: &str| match decode(link) {
        Ok(shared) => {
            assert_eq!(shared.design.problems(), [], "{link}");
            opened += 1;
        }
        Err(_) => refused += 1,
    };
    let cases = testing::cases(30, 30);
    cases.check(|design, rng| {
        let shared = Shared {
            design: design.clone(),
            view: storm().view,
        };
        let document = encode::encode(&v1::DESIGN, &to_value(&shared));
        for _ in 0..60 {
            let mut document = document.clone();
            for _ in 0..rng.between(1, 3) {
                let at = rng.place(document.len());
                match rng.below(4) {
                    0 => document[at] ^= 1 << rng.below(8),
                    1 => document[at] = rng.below(256) as u8,
                    2 => {
                        document.remove(at);
                    }
                    _ => document.insert(at, rng.below(256) as u8),
                }
            }
            count(&link_of(&document));
        }
        let noise: Vec<u8> = (0..rng.below(300)).map(|_| rng.below(256) as u8).collect();
        count(&link_of(&noise));
    });
    if cases.has_fixed_set() {
        assert!(opened > 100 && refused > 100, "{opened} {refused}");
    }
}

/// Links of every version, made once and never again: they must open indefinitely,
/// as the design stored beside them.
#[test]
fn old_links_open() {
    let golden = include_str!("../../tests/golden/links.txt");
    let entries: Vec<&str> = golden.split("\n\n").collect();
    for entry in &entries {
        let [name, link, view, design] = entry.trim().lines().collect::<Vec<_>>()[..] else {
            panic!("an entry is a name, a link, a view and a design: {entry}");
        };
        let shared = decode(link).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(format!("{:?}", shared.view), view, "{name}");
        assert_eq!(json::read(design), Ok(shared.design), "{name}");
    }
    assert!(entries.len() >= 4);
}

/// A link's length, so that a change of it is seen.
#[test]
fn links_are_short() {
    let length = |design| {
        let view = storm().view;
        encode(&Shared { design, view }).len()
    };
    let lengths = format!(
        "retry storm {}, 12 nodes {}, 30 nodes {}, 100 nodes {}",
        length(storm().design),
        length(synthetic(12)),
        length(synthetic(30)),
        length(synthetic(100))
    );
    expect!["retry storm 165, 12 nodes 374, 30 nodes 710, 100 nodes 1791"].assert_eq(&lengths);
}

/// A design of services in layers as people draw them: named, sized and guarded one by one.
fn synthetic(nodes: usize) -> Design {
    let names = [
        "checkout",
        "orders",
        "payments",
        "inventory",
        "search",
        "catalog",
        "users",
        "sessions",
        "shipping",
        "pricing",
        "reviews",
        "billing",
    ];
    let mut rng = testing::Rng::new(3);
    let mut list = Vec::new();
    let mut links = Vec::new();
    let mut id_of = Vec::new();
    for at in 0..nodes {
        let (kind, id, more) = match at {
            0 => (
                "client",
                "shoppers".to_owned(),
                r#", "arrivals": {"poisson": "350/s"}, "patience": "5s""#.to_owned(),
            ),
            1 => (
                "load_balancer",
                "edge".to_owned(),
                r#", "algorithm": "power_of_two""#.to_owned(),
            ),
            _ => {
                let name = names[(at - 2) % names.len()];
                let number = (at - 2) / names.len();
                let suffix = if number == 0 {
                    String::new()
                } else {
                    format!("-{}", number + 1)
                };
                match at % 4 {
                    1 => (
                        "database",
                        format!("{name}-db{suffix}"),
                        format!(
                            r#", "connections": {}, "read_time": "exp({}ms)""#,
                            50 * (1 + rng.place(5)),
                            1 + rng.place(9)
                        ),
                    ),
                    2 if at > 4 => (
                        "cache",
                        format!("{name}-cache{suffix}"),
                        format!(
                            r#", "capacity": {}, "ttl": "{}s""#,
                            1000 * (1 + rng.place(20)),
                            10 * (1 + rng.place(12))
                        ),
                    ),
                    _ => (
                        "service",
                        format!("{name}{suffix}"),
                        format!(
                            r#", "replicas": {}, "concurrency": {}, "service_time": "lognormal(p50={}ms,p99={}ms)""#,
                            2 + rng.place(6),
                            8 * (1 + rng.place(6)),
                            2 + rng.place(9),
                            30 + 5 * rng.place(20)
                        ),
                    ),
                }
            }
        };
        list.push(format!(
            r#"{{"id": "{id}", "kind": "{kind}", "at": [{}, {}]{more}}}"#,
            80 + 240 * (at / 4) + 20 * rng.place(3),
            100 + 140 * (at % 4) + 20 * rng.place(3)
        ));
        if at > 0 {
            let calls = |from: usize| list_calls(&list, from);
            let from = (0..4)
                .map(|_| at.saturating_sub(1 + rng.place(4)))
                .find(|from| calls(*from))
                .unwrap_or(1);
            let policies = match rng.place(3) {
                0 => String::new(),
                1 => format!(r#", "timeout": "{}ms""#, 100 * (1 + rng.place(20))),
                _ => format!(
                    r#", "timeout": "{}ms", "retry": {{"max_attempts": {}, "jitter": "full",
                    "backoff": {{"exponential": {{"base": "50ms", "cap": "1s"}}}}, "budget": {{"ratio": 0.1, "burst": 10}}}}"#,
                    100 * (1 + rng.place(20)),
                    2 + rng.place(3)
                ),
            };
            let from: &String = &id_of[if at == 1 { 0 } else { from }];
            links.push(format!(r#"{{"from": "{from}", "to": "{id}"{policies}}}"#));
        }
        id_of.push(id);
    }
    let text = format!(
        r#"{{"faultline": 1, "name": "Shop", "seed": 7, "duration": "120s", "warmup": "10s", "nodes": [{}], "links": [{}],
            "faults": [{{"at": "30s", "for": "10s", "kind": "slowdown", "target": "{}"}}]}}"#,
        list.join(","),
        links.join(","),
        id_of[2]
    );
    json::read(&text).unwrap()
}

fn list_calls(list: &[String], from: usize) -> bool {
    from > 0 && !list[from].contains("\"database\"")
}

/// A duration that a client had in the old field, and a distribution that has a field of its own.
#[test]
fn patience_travels_whether_it_is_drawn_or_not() {
    for patience in [
        "null",
        r#""5s""#,
        r#""0s""#,
        r#""exp(5s)""#,
        r#""empirical(0:1s,1:9s)""#,
    ] {
        let text = format!(
            r#"{{"faultline": 1, "nodes": [{{"id": "u", "kind": "client", "patience": {patience}}}]}}"#
        );
        let shared = Shared {
            design: json::read(&text).unwrap(),
            view: None,
        };
        assert_eq!(decode(&encode(&shared)), Ok(shared), "{patience}");
    }
}

/// Links out of a balancer could once say what no balancer heeds.
#[test]
fn what_a_balancer_never_heeded_is_left_out() {
    let text = r#"{"faultline": 1, "nodes": [{"id": "lb", "kind": "load_balancer"}, {"id": "api", "kind": "service"}],
        "links": [{"from": "lb", "to": "api", "timeout": "2s"}, {"from": "api", "to": "lb", "when": {"probability": 0.5}}]}"#;
    let mut shared = Shared {
        design: json::read(text).unwrap(),
        view: None,
    };
    let now = shared.clone();
    let old = &mut shared.design.links[0];
    (old.stage, old.calls, old.optional) = (Some(3), 2, true);
    old.when.0 = vec![design::link::Condition::Reads];
    assert_eq!(decode(&encode(&shared)), Ok(now));
}
