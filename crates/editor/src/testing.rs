//! What the tests of this crate share.

use design::link::Mode;
use design::{Design, KINDS, Kind, Link, Node};

/// A new node's kind, by name.
pub(crate) fn kind(name: &str) -> Kind {
    let info = KINDS.iter().find(|info| info.name == name).unwrap();
    (info.make)()
}

/// `users` → `api` → `db`, side by side, 300 px apart.
pub(crate) fn small() -> Design {
    Design {
        nodes: [("users", "client"), ("api", "service"), ("db", "database")]
            .iter()
            .enumerate()
            .map(|(at, (id, name))| Node::new(*id, kind(name), [at as i32 * 300, 0]))
            .collect(),
        links: vec![
            Link::new("users->api", "users", "api", Mode::Call),
            Link::new("api->db", "api", "db", Mode::Call),
        ],
        ..Design::default()
    }
}
