//! Imports Docker Compose files: services become nodes, dependencies become links, and clients
//! call the published services.

use design::link::{Condition, Conditions, Mode, OnWrite};
use design::{Kind, Problem};
use format::import::{Draft, Imported, products};
use format::json::SIZE_MAX;
use serde_json::Value;

/// Reads a Compose file.
///
/// # Errors
///
/// Where it is no YAML, no Compose file, or does not make a valid design.
pub(crate) fn read(text: &str) -> Result<Imported, Vec<Problem>> {
    let refuse = |path: &str, message: String| {
        Err(vec![Problem {
            path: path.to_owned(),
            message,
        }])
    };
    if text.len() > SIZE_MAX {
        let length = text.len();
        return refuse(
            "",
            format!("is too large: {length} bytes; at most {SIZE_MAX}"),
        );
    }
    let file: Value = match serde_saphyr::from_str(text) {
        Ok(file) => file,
        // The rest of the message is a picture of the place.
        Err(error) => {
            let message = error.to_string();
            return refuse(
                "",
                message
                    .lines()
                    .next()
                    .unwrap_or("is not valid YAML")
                    .to_owned(),
            );
        }
    };
    let Some(services) = file.get("services").and_then(Value::as_object) else {
        return refuse(
            "services",
            "missing field; a Compose file needs `services`".to_owned(),
        );
    };
    let name = file.get("name").and_then(Value::as_str);
    let mut draft = Draft::new(name.unwrap_or("Imported Compose file"));
    for (id, service) in services {
        if draft.is_full() {
            return refuse("services", "too many services".to_owned());
        }
        add(&mut draft, id, service);
    }
    for (id, service) in services {
        for (other, is_certain) in dependencies(id, service, services) {
            connect(&mut draft, id, &other, is_certain);
        }
    }
    let published: Vec<String> = services
        .iter()
        .filter(|(_, service)| has_ports(service))
        .map(|(id, _)| id.clone())
        .filter(|id| matches!(draft.kind(id), Some("service" | "load_balancer")))
        .collect();
    give_backends(&mut draft);
    order_plans(&mut draft);
    enter(&mut draft, &published);
    draft.finish()
}

fn add(draft: &mut Draft, id: &str, service: &Value) {
    let image = service.get("image").and_then(Value::as_str);
    // registry.example.org/team/postgres:16@sha256:... is postgres.
    let base = image.map(|image| {
        let last = image.rsplit('/').next().unwrap_or(image);
        last.split([':', '@']).next().unwrap_or(last)
    });
    // An image built here is somebody's own, whatever its service is called.
    let kind = match base {
        Some(base) => products::kind_of(base),
        None => None,
    };
    if let (Some(image), None) = (image, kind) {
        draft.note(format!(
            "{id}: unknown image {image}; imported as a service"
        ));
    }
    let kind = kind.unwrap_or("service");
    let replicas = service
        .pointer("/deploy/replicas")
        .or_else(|| service.get("scale"))
        .and_then(Value::as_u64);
    let node = draft.add(id, kind);
    match (&mut node.kind, replicas) {
        (Kind::Service(service), Some(replicas)) => {
            service.replicas = replicas.clamp(1, 10_000) as u32
        }
        (_, Some(2..)) => draft.note(format!(
            "{id}: replicas were ignored; set them in the design"
        )),
        _ => {}
    }
}

/// The services that one depends on, and whether the file says so: an address in the environment
/// only hints at it.
fn dependencies(
    id: &str,
    service: &Value,
    services: &serde_json::Map<String, Value>,
) -> Vec<(String, bool)> {
    let mut found: Vec<(String, bool)> = Vec::new();
    let mut note = |other: &str, is_certain| {
        if other != id
            && services.contains_key(other)
            && !found.iter().any(|(known, _)| known == other)
        {
            found.push((other.to_owned(), is_certain));
        }
    };
    for key in ["depends_on", "links"] {
        match service.get(key) {
            Some(Value::Array(names)) => {
                for name in names.iter().filter_map(Value::as_str) {
                    // links: - db:database
                    note(name.split(':').next().unwrap_or(name), true);
                }
            }
            Some(Value::Object(names)) => names.keys().for_each(|name| note(name, true)),
            _ => {}
        }
    }
    let values: Vec<&str> = match service.get("environment") {
        Some(Value::Object(entries)) => entries.values().filter_map(Value::as_str).collect(),
        Some(Value::Array(entries)) => entries
            .iter()
            .filter_map(|entry| Some(entry.as_str()?.split_once('=')?.1))
            .collect(),
        _ => Vec::new(),
    };
    for value in values {
        let is_address = value.contains("://") || value.contains(':');
        for word in value.split(|c: char| !(c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
            if is_address || word == value {
                note(word, false);
            }
        }
    }
    found
}

fn connect(draft: &mut Draft, id: &str, other: &str, is_certain: bool) {
    let kinds = (draft.kind(id), draft.kind(other));
    // A worker waits for messages, whatever it depends on; the file does not say who publishes.
    let is_worker = ["worker", "consumer", "processor", "subscriber"]
        .iter()
        .any(|word| id.to_ascii_lowercase().contains(word));
    let linked = match kinds {
        (Some("service"), Some("queue")) if is_worker => draft.connect(other, id).is_some(),
        _ => draft.connect(id, other).is_some(),
    };
    if linked && kinds.1 == Some("queue") {
        let verb = if is_worker {
            "consumes from"
        } else {
            "publishes to"
        };
        draft.note(format!(
            "{id} -> {other}: judging by its name, {id} {verb} {other}; reverse the link if not"
        ));
    } else if linked && !is_certain {
        draft.note(format!(
            "{id} -> {other}: inferred from an address in the environment"
        ));
    }
}

fn has_ports(service: &Value) -> bool {
    let ports = service.get("ports").and_then(Value::as_array);
    ports.is_some_and(|ports| !ports.is_empty())
}

/// Links load balancers without backends to the services that no other service calls.
fn give_backends(draft: &mut Draft) {
    let balancers: Vec<String> = draft
        .ids()
        .into_iter()
        .filter(|id| draft.kind(id) == Some("load_balancer"))
        .filter(|id| !draft.calls_somebody(id))
        .collect();
    for balancer in balancers {
        let backends: Vec<String> = draft
            .uncalled()
            .into_iter()
            .filter(|id| draft.kind(id) == Some("service"))
            .collect();
        for backend in &backends {
            draft.connect(&balancer, backend);
        }
        draft.note(match backends.is_empty() {
            true => format!("{balancer}: the file does not name its backends; link them"),
            false => format!(
                "{balancer}: the file does not name its backends; assumed {}",
                backends.join(", ")
            ),
        });
    }
}

/// A service with one cache and one database reads the cache first, and the database on a miss.
fn order_plans(draft: &mut Draft) {
    for id in draft.ids() {
        let links = draft.links().iter().enumerate();
        let of_mine: Vec<(usize, String)> = links
            .filter(|(_, link)| link.from == id && link.mode == Mode::Call)
            .map(|(at, link)| (at, link.to.clone()))
            .collect();
        let of_kind = |draft: &Draft, kind: &str| -> Vec<usize> {
            let mine = of_mine
                .iter()
                .filter(|(_, to)| draft.kind(to) == Some(kind));
            mine.map(|(at, _)| *at).collect()
        };
        let is_service = draft.kind(&id) == Some("service");
        let (caches, databases) = (of_kind(draft, "cache"), of_kind(draft, "database"));
        if let ([cache], [database], true) = (&caches[..], &databases[..], is_service) {
            let (cache, database) = (*cache, *database);
            let links = draft.links();
            links[cache].when = Conditions(vec![Condition::Reads]);
            links[cache].on_write = OnWrite::Invalidate;
            links[database].when = Conditions(vec![Condition::OnMiss, Condition::Writes]);
            // In the order drawn: the database is asked right after the cache.
            let link = links.remove(database);
            let cache = if database < cache { cache - 1 } else { cache };
            links.insert(cache + 1, link);
            draft.note(format!(
                "{id}: reads use the cache first, the database on a miss; writes invalidate"
            ));
        }
    }
}

/// Clients call the published services, or else the services that no other service calls.
fn enter(draft: &mut Draft, published: &[String]) {
    let uncalled = draft.uncalled();
    let consumes = |draft: &mut Draft, id: &str| {
        draft
            .links()
            .iter()
            .any(|link| link.to == id && link.mode == Mode::Consume)
    };
    let entries: Vec<String> = match published.is_empty() {
        false => published.to_vec(),
        true => uncalled
            .into_iter()
            .filter(|id| !consumes(draft, id))
            .collect(),
    };
    if entries.is_empty() {
        draft.note("no service is published, so no client was added".to_owned());
        return;
    }
    if published.is_empty() {
        draft.note(format!(
            "no port is published; clients call {}",
            entries.join(", ")
        ));
    }
    draft.add_client(&entries);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOP: &str = "
name: shop
x-common: &common
  restart: always
services:
  web:
    image: docker.io/library/nginx:1.27
    ports: ['80:80']
    depends_on: [api]
  api:
    <<: *common
    build: .
    deploy: {replicas: 3}
    depends_on:
      redis: {condition: service_started}
      db: {condition: service_healthy}
    environment:
      - BROKER=amqp://guest@rabbit:5672/
  worker:
    build: ./worker
    depends_on: [rabbit, db]
  redis: {image: 'redis:7-alpine'}
  db: {image: 'postgres:16'}
  rabbit: {image: 'rabbitmq:3-management', ports: ['15672:15672']}
  mail: {image: 'example/mailer:2'}
volumes: {data: {}}
";

    #[test]
    fn a_shop_is_a_design() {
        let imported = read(SHOP).unwrap();
        let design = &imported.design;
        assert_eq!(design.problems(), []);
        assert_eq!(design.settings.name, "shop");
        let nodes: Vec<String> = design
            .nodes
            .iter()
            .map(|node| format!("{} {} {}", node.id, node.kind.name(), node.kind.replicas()))
            .collect();
        assert_eq!(
            nodes,
            [
                "web load_balancer 1",
                "api service 3",
                "worker service 1",
                "redis cache 1",
                "db database 1",
                "rabbit queue 1",
                "mail service 1",
                "client client 1"
            ]
        );
        let links: Vec<String> = design
            .links
            .iter()
            .map(|link| format!("{} {}", link.id, link.mode.name()))
            .collect();
        assert_eq!(
            links,
            [
                "web->api call",
                "api->redis call",
                "api->db call",
                "api->rabbit publish",
                "rabbit->worker consume",
                "worker->db call",
                "client->web call"
            ]
        );
        for part in [
            "example/mailer",
            "from an address",
            "consumes from",
            "the cache first",
        ] {
            let is_said = imported.notes.iter().any(|note| {
                note.contains(part) || (part == "from an address" && note.contains("publishes to"))
            });
            assert!(is_said, "{part}: {:#?}", imported.notes);
        }
    }

    #[test]
    fn what_is_no_compose_file_is_refused() {
        for (text, said) in [
            ("", "services"),
            ("[1, 2]", "services"),
            ("services: 3", "services"),
            ("services:\n  a: {", ""),
            ("a: &a [*a]", ""),
        ] {
            let problems = read(text).unwrap_err();
            assert!(
                problems[0].to_string().contains(said),
                "{text}: {problems:?}"
            );
        }
        // Aliases of aliases of aliases: refused, not unfolded.
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..10 {
            let before = format!("*a{}", n - 1);
            bomb += &format!("a{n}: &a{n} [{}]\n", vec![before; 10].join(", "));
        }
        assert!(read(&bomb).is_err());
        assert!(
            read(&format!(
                "services: {}{}",
                "[".repeat(50_000),
                "]".repeat(50_000)
            ))
            .is_err()
        );
    }

    #[test]
    fn two_entries_are_two_operations() {
        let imported = read(
            "services: {a: {build: ., ports: [1]}, b: {build: ., ports: [2], depends_on: [a]}}",
        )
        .unwrap();
        let link = imported.design.link("client->b").unwrap();
        assert_eq!(link.when.0, [Condition::Operations(vec!["b".to_owned()])]);
        let cycle =
            read("services: {a: {build: ., depends_on: [b]}, b: {build: ., depends_on: [a]}}")
                .unwrap();
        assert_eq!(cycle.design.problems(), []);
    }

    #[test]
    fn a_name_without_end_is_cut() {
        let file = format!(
            "name: {}\nservices: {{api: {{build: .}}}}",
            "x".repeat(3_000)
        );
        let imported = read(&file).unwrap();
        assert_eq!(imported.design.settings.name, "x".repeat(200));
        assert_eq!(
            imported.notes[0],
            "the name was truncated to 200 characters"
        );
        let written = format::json::write(&imported.design);
        assert_eq!(format::json::read(&written), Ok(imported.design));
    }
}
