//! Icons of kinds and policies, as stroked paths. The page and exported pictures share them.

use design::Kind;

/// Returns the icon of a kind of node, 20 × 20.
pub fn of_kind(kind: &Kind) -> &'static str {
    of_kind_named(kind.name())
}

/// Returns the icon of the kind of this name; empty for names of no kind.
pub fn of_kind_named(name: &str) -> &'static str {
    match name {
        "client" => CLIENT,
        "load_balancer" => LOAD_BALANCER,
        "service" => SERVICE,
        "cache" => CACHE,
        "queue" => QUEUE,
        "database" => DATABASE,
        "coordinator" => COORDINATOR,
        _ => "",
    }
}

const CLIENT: &str = "M10 3.5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M3.5 16.5c.6-3.6 3-5 6.5-5s5.9 1.4 6.5 5";
const LOAD_BALANCER: &str =
    "M2.5 10h6M8.5 10c3 0 3-5.5 6-5.500h3M8.5 10h9M8.5 10c3 0 3 5.5 6 5.500h3";
const SERVICE: &str = "M3.5 4.500h13v11h-13zM3.5 8h13M6 6.200h.01M8 6.200h.01M6.5 12h4";
const CACHE: &str = "M4 3.5h12v13h-12zM11 5.500l-3.5 5h2.5l-1 4l3.5-5h-2.5z";
const QUEUE: &str = "M2 6.5h4v7h-4zM7.5 6.5h4v7h-4zM13 10h5M15.5 7.500l2.5 2.5l-2.5 2.5";
const DATABASE: &str = "M4 5.200c0-1.5 2.7-2.5 6-2.5s6 1 6 2.5s-2.7 2.5-6 2.5s-6-1-6-2.5v9.600\
                        c0 1.5 2.7 2.5 6 2.5s6-1 6-2.5v-9.600M4 10c0 1.5 2.7 2.5 6 2.5s6-1 6-2.5";

const COORDINATOR: &str = "M4.5 9h11v8h-11zM7 9v-2.500a3 3 0 0 1 6 0v2.500M10 12v2";

/// A fault, 20 × 20.
pub const BROKEN: &str = "M11 2.500l-5.500 8h4l-1.500 7l6-9h-4.500z";

/// An open or closed circuit breaker: a switch whose lever lies between the contacts. Like all that
/// follow, it is 10 × 10 around its middle.
pub const BREAKER: &str = "M-4 1.5h2M2 1.5h2M-2 1.5h4";
/// A circuit breaker whose state is not shown: a switch.
pub const SWITCH: &str = "M-4.5 1.5h2.5l3.500-4M2 1.5h2.5M2 0v3";
/// A pool: a row of slots.
pub const POOL: &str = "M-4-2h2v4h-2zM-1-2h2v4h-2zM2-2h2v4h-2z";
/// A timeout: a clock.
pub const TIMEOUT: &str = "M0-4a4 4 0 1 0 .01 0zM0-2v2h2";
/// Retries: a loop.
pub const RETRY: &str = "M3-2a3.8 3.8 0 1 0 .7 3.2M3.5-4.5v2.7h-2.7";
/// A hedge: a second arrow beside the first.
pub const HEDGE: &str = "M-4-2h7M1-4l2 2l-2 2M-1 3h4M1 1l2 2l-2 2";
/// A bulkhead: a wall between two rooms.
pub const BULKHEAD: &str = "M-4-3.5h8v7h-8zM0-3.5v7";
/// Throttling: a narrow place.
pub const THROTTLE: &str = "M-4-3.5c3 0 3 2.5 4 2.5s1-2.5 4-2.5M-4 3.5c3 0 3-2.5 4-2.5s1 2.5 4 2.5";
