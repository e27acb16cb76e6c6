//! Random valid designs, the same for the same seed: for property tests here, in the engine and
//! between native code and wasm.
//!
//! Parameters are drawn along the document's own tables of fields, so a new field takes part as
//! soon as it is declared. Sizes are kept small enough that a run takes well under a second: a
//! request causes a few dozen attempts at most, and few hundred requests arrive. Cycles of calls
//! are left out, since they may honestly deadlock, and so is endless redelivery.

use design::attribute::{Field, Record, Shape};
use design::fault::FaultKind;
use design::link::{Link, Mode};
use design::validate::link_refusal;
use design::{Design, Duration, KINDS, Kind, Metric, Rate, Value};

/// Most attempts that one request may cause, counted along all paths.
const ATTEMPTS_MAX: u64 = 60;
/// Seconds in which requests arrive, at most.
const DURATION_MAX_S: u64 = 12;

/// The random valid design of this seed.
pub fn design(rng_seed: u64) -> Design {
    let mut rng = Rng(rng_seed);
    let rng = &mut rng;
    let nodes = nodes(rng);
    let links = links(rng, &nodes);
    let faults = faults(rng, &nodes, &links);
    let mut document = vec![("faultline".to_owned(), Value::Number(1.0))];
    document.extend(settings(rng));
    let alerts = (0..rng.below(3))
        .filter_map(|_| alert(rng, &nodes))
        .collect();
    document.push(("alerts".to_owned(), Value::List(alerts)));
    let written = nodes.into_iter().map(|node| node.value).collect();
    document.push(("nodes".to_owned(), Value::List(written)));
    document.push(("links".to_owned(), Value::List(links)));
    document.push(("faults".to_owned(), Value::List(faults)));
    let requirements = (0..rng.below(4)).map(|_| requirement(rng)).collect();
    document.push(("requirements".to_owned(), Value::List(requirements)));
    match Design::read(&Value::Map(document)) {
        Ok(design) => design,
        Err(problems) => panic!("the random design of seed {rng_seed} is not valid: {problems:?}"),
    }
}

/// A node being drawn.
struct Drawn {
    id: String,
    kind: Kind,
    value: Value,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `n`.
    fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// From 0 to below 1.
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// Small values more often than large ones.
    fn skewed(&mut self, low: f64, high: f64) -> f64 {
        let unit = self.unit();
        low + (high - low) * unit * unit * unit
    }
}

fn settings(rng: &mut Rng) -> Vec<(String, Value)> {
    let duration_s = rng.between(2, DURATION_MAX_S);
    let seed = match rng.below(3) {
        0 => rng.below(100),
        1 => rng.below(1 << 32),
        _ => rng.below(1 << 53),
    };
    let mut settings = vec![
        ("seed".to_owned(), Value::Number(seed as f64)),
        (
            "duration".to_owned(),
            Value::text(Duration::s(duration_s).to_string()),
        ),
    ];
    if rng.chance(70) {
        settings.push(("name".to_owned(), Value::text(name(rng))));
    }
    if rng.chance(50) {
        let warmup = Duration::ms(rng.below(duration_s * 500));
        settings.push(("warmup".to_owned(), Value::text(warmup.to_string())));
    }
    if rng.chance(30) {
        settings.push(("drain".to_owned(), Value::Bool(false)));
    }
    if rng.chance(30) {
        settings.push(("zones".to_owned(), record(rng, design::Zones::RECORD)));
    }
    settings
}

/// Every kind in the order calls go: clients first, those who call nobody last.
fn nodes(rng: &mut Rng) -> Vec<Drawn> {
    let mut nodes: Vec<Drawn> = Vec::new();
    for (kind, low, high) in [
        ("client", 1, 2),
        ("load_balancer", 0, 1),
        ("service", 1, 3),
        ("cache", 0, 2),
        ("queue", 0, 2),
        ("service", 0, 2),
        ("database", 0, 2),
        ("coordinator", 0, 1),
        // What databases publish, and who consumes it.
        ("queue", 0, 1),
        ("service", 0, 1),
    ] {
        for _ in 0..rng.between(low, high) {
            let node = node(rng, kind, &nodes);
            nodes.push(node);
        }
    }
    nodes
}

fn node(rng: &mut Rng, kind: &str, earlier: &[Drawn]) -> Drawn {
    let taken = |id: &str| earlier.iter().any(|node| node.id == id);
    let id = match rng.below(4) {
        0 => name(rng).trim().to_owned(),
        _ => kind.to_owned(),
    };
    let id = (1..)
        .map(|n| {
            if n == 1 {
                id.clone()
            } else {
                format!("{id}-{n}")
            }
        })
        .find(|id| !id.is_empty() && !taken(id))
        .expect("some number is free");
    let grid = *rng.pick(&[1, 20, 20, 20]);
    let at = [0; 2].map(|_| Value::Number((grid * (rng.below(60) as i64 - 10)) as f64));
    let mut value = vec![
        ("id".to_owned(), Value::text(&id)),
        ("kind".to_owned(), Value::text(kind)),
        ("at".to_owned(), Value::List(at.to_vec())),
    ];
    if rng.chance(20) {
        value.push(("label".to_owned(), Value::text(name(rng))));
    }
    let info = KINDS.iter().find(|info| info.name == kind).expect("a kind");
    for record in [record(rng, info.record), deployment(rng)] {
        if let Value::Map(parameters) = record {
            value.extend(parameters);
        }
    }
    copy(rng, &mut value, earlier);
    let mut value = Value::Map(value);
    if value.at_path("queue.priority").is_some() {
        let names = Value::List(operations(earlier));
        value
            .set_path("queue.priority", names)
            .expect("it is there");
    }
    let mut reader = design::Reader::default();
    let node = design::Node::read(&value, &mut reader);
    let Some(node) = node else {
        panic!("a random node is not valid: {:?}", reader.finish());
    };
    Drawn {
        id,
        kind: node.kind,
        value,
    }
}

/// A database copies an earlier one, or none.
fn copy(rng: &mut Rng, value: &mut Vec<(String, Value)>, earlier: &[Drawn]) {
    value.retain(|(name, _)| name != "copy_of");
    let owns = |node: &&Drawn| matches!(&node.kind, Kind::Database(of) if of.copy_of.is_none());
    let is_database = value
        .iter()
        .any(|(name, kind)| name == "kind" && *kind == Value::text("database"));
    if let Some(owner) = earlier.iter().find(owns).filter(|_| is_database)
        && rng.chance(50)
    {
        value.retain(|(name, _)| name != "replication");
        value.push(("copy_of".to_owned(), Value::text(&owner.id)));
    }
}

/// An alert over some node's metrics.
fn alert(rng: &mut Rng, nodes: &[Drawn]) -> Option<Value> {
    let mut alert = record(rng, design::telemetry::Alert::RECORD);
    if let Value::Map(entries) = &mut alert {
        entries.retain(|(key, _)| key != "node");
        let emits = |node: &&Drawn| {
            let metrics = node
                .value
                .get("telemetry")
                .and_then(|known| known.get("metrics"));
            metrics != Some(&Value::Bool(false))
        };
        let when = entries.iter().find(|(key, _)| key == "when");
        let watches = |signal: &str| when.is_some_and(|(_, when)| when.get(signal).is_some());
        let can_wait = |node: &&Drawn| match node.kind.name() {
            "queue" => true,
            "service" | "database" | "coordinator" => !watches("oldest_age"),
            _ => !watches("oldest_age") && !watches("backlog"),
        };
        let watched: Vec<&Drawn> = nodes.iter().filter(emits).filter(can_wait).collect();
        if watched.is_empty() {
            return None;
        }
        entries.push(("node".to_owned(), Value::text(&rng.pick(&watched).id)));
    }
    Some(alert)
}

/// Zones there may be.
const ZONES: [&str; 3] = ["a", "b", "zone c"];

/// Where a node runs, if that is said.
fn deployment(rng: &mut Rng) -> Value {
    let mut deployment = Vec::new();
    match rng.below(6) {
        0 | 1 => deployment.push(("zone".to_owned(), Value::text(*rng.pick(&ZONES)))),
        2 => {
            let zones = ZONES.iter().map(|zone| Value::text(*zone)).collect();
            deployment.push(("zones".to_owned(), Value::List(zones)));
            deployment.push(("team".to_owned(), Value::text("checkout")));
        }
        _ => {}
    }
    if rng.chance(30) {
        let telemetry = record(rng, design::telemetry::Telemetry::RECORD);
        deployment.push(("telemetry".to_owned(), telemetry));
    }
    if rng.chance(15) {
        deployment.push(("cost".to_owned(), record(rng, design::Cost::RECORD)));
    }
    Value::Map(deployment)
}

/// The names of all operations.
fn operations(nodes: &[Drawn]) -> Vec<Value> {
    let of = |node: &Drawn| match &node.kind {
        Kind::Client(client) => client.operations.clone(),
        Kind::LoadBalancer(_)
        | Kind::Service(_)
        | Kind::Cache(_)
        | Kind::Queue(_)
        | Kind::Database(_)
        | Kind::Coordinator(_) => vec![],
    };
    let all = nodes.iter().flat_map(of);
    all.map(|operation| Value::Text(operation.name)).collect()
}

/// Calls from each node to later ones, until a request would cause too many.
fn links(rng: &mut Rng, nodes: &[Drawn]) -> Vec<Value> {
    let operations = operations(nodes);
    let mut links = Vec::new();
    // How many attempts of one request reach each node, at most.
    let mut visits = vec![0u64; nodes.len()];
    let mut left = ATTEMPTS_MAX;
    for (from, caller) in nodes.iter().enumerate() {
        if matches!(caller.kind, Kind::Client(_)) {
            visits[from] = 1;
        }
        let wanted = match caller.kind {
            Kind::Client(_) => 1,
            Kind::LoadBalancer(_) => rng.between(1, 2),
            Kind::Cache(ref cache) if cache.leases => 0,
            Kind::Cache(_) => rng.below(2),
            Kind::Service(_) | Kind::Queue(_) | Kind::Database(_) | Kind::Coordinator(_) => {
                rng.below(4)
            }
        };
        for _ in 0..wanted {
            let later: Vec<(usize, Mode)> = (from + 1..nodes.len())
                .flat_map(|to| Mode::ALL.iter().map(move |mode| (to, *mode)))
                .filter(|(to, mode)| link_refusal(&caller.kind, &nodes[*to].kind, *mode).is_none())
                .filter(|_| match &caller.kind {
                    Kind::Database(of) => {
                        of.copy_of.is_none() && (of.replication.is_none() || of.has_leader())
                    }
                    _ => true,
                })
                .collect();
            // What stands for one store must be one.
            let is_second = |to: usize| {
                let is_one = matches!(caller.kind, Kind::LoadBalancer(_) | Kind::Cache(_));
                let of_caller = |link: &&Value| link.get("from") == Some(&Value::text(&caller.id));
                let owner = owner_of(&nodes[to]);
                let mut others = links.iter().filter(of_caller).filter_map(|link| {
                    let is_it = |node: &&Drawn| link.get("to") == Some(&Value::text(&node.id));
                    nodes.iter().find(is_it).and_then(owner_of)
                });
                is_one && owner.is_some() && others.any(|other| Some(other) != owner)
            };
            let later: Vec<(usize, Mode)> = later
                .into_iter()
                .filter(|(to, _)| !is_second(*to))
                .collect();
            if later.is_empty() || visits[from] > left {
                break;
            }
            let (to, mode) = *rng.pick(&later);
            let mut link = link(rng, &operations);
            // What the caller would never heed is refused.
            let is_unheard = link
                .iter()
                .any(|(name, value)| name == "ack" && *value == Value::text("none"));
            if mode == Mode::DeadLetter || (mode == Mode::Publish && is_unheard) {
                let policies = [
                    "retry",
                    "timeout",
                    "breaker",
                    "pool",
                    "adaptive_throttle",
                    "bulkhead",
                ];
                link.retain(|(name, _)| !policies.contains(&name.as_str()));
            }
            let is_relay = matches!(caller.kind, Kind::Database(_));
            link.retain(|(name, _)| match is_relay {
                true => !["when", "stage", "calls", "optional", "ack"].contains(&name.as_str()),
                false => name != "relay",
            });
            if mode != Mode::Call {
                link.retain(|(name, _)| {
                    !["hedge", "deadline", "cancellation"].contains(&name.as_str())
                });
            }
            // A balancer has no plan.
            if matches!(caller.kind, Kind::LoadBalancer(_)) {
                let of_plans = ["when", "stage", "calls", "optional"];
                link.retain(|(name, _)| !of_plans.contains(&name.as_str()));
            }
            let attempts = link_attempts(&link) * visits[from];
            if attempts > left {
                // Too much for what is left: a plain link instead.
                link.retain(|(name, _)| !["retry", "calls", "hedge"].contains(&name.as_str()));
            }
            let attempts = link_attempts(&link) * visits[from];
            left -= attempts;
            visits[to] += attempts;
            link.push(("from".to_owned(), Value::text(&caller.id)));
            link.push(("to".to_owned(), Value::text(&nodes[to].id)));
            link.push(("mode".to_owned(), Value::text(mode.name())));
            if rng.chance(10) {
                link.push((
                    "id".to_owned(),
                    Value::text(format!("link {}", links.len())),
                ));
            }
            links.push(Value::Map(link));
        }
    }
    without_vain_write_behind(links, nodes)
}

/// Whose data a database holds.
fn owner_of(node: &Drawn) -> Option<String> {
    match &node.kind {
        Kind::Database(database) => Some(database.copy_of.as_ref().unwrap_or(&node.id).clone()),
        _ => None,
    }
}

/// A cache can write behind an answer only where it has an origin to write to.
fn without_vain_write_behind(links: Vec<Value>, nodes: &[Drawn]) -> Vec<Value> {
    let text = |link: &Value, name: &str| match link.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let is_cache = |id: &str| {
        let mut caches = nodes
            .iter()
            .filter(|node| matches!(node.kind, Kind::Cache(_)));
        caches.any(|node| node.id == id)
    };
    let callers: Vec<String> = links.iter().map(|link| text(link, "from")).collect();
    let fits = |link: &Value| {
        let to = text(link, "to");
        text(link, "on_write") != "write_behind" || (is_cache(&to) && callers.contains(&to))
    };
    let mended = links.into_iter().map(|link| match (fits(&link), link) {
        (false, Value::Map(mut entries)) => {
            entries.retain(|(name, _)| name != "on_write");
            Value::Map(entries)
        }
        (_, link) => link,
    });
    mended.collect()
}

fn link(rng: &mut Rng, operations: &[Value]) -> Vec<(String, Value)> {
    let Value::Map(mut link) = record(rng, Link::RECORD) else {
        return Vec::new();
    };
    for (name, value) in &mut link {
        if name == "when" {
            *value = conditions(rng, operations);
        }
    }
    link
}

/// Attempts per visit of the caller.
fn link_attempts(link: &[(String, Value)]) -> u64 {
    let link = Value::Map(link.to_vec());
    let number = |path: &str, default: f64| match link.at_path(path) {
        Some(Value::Number(n)) => *n,
        _ => default,
    };
    let attempts = match link.get("retry") {
        None | Some(Value::Null) => 1.0,
        Some(_) => number("retry.max_attempts", 3.0),
    };
    let hedges = match link.get("hedge") {
        None | Some(Value::Null) => 0.0,
        Some(_) => number("hedge.max", 1.0),
    };
    (number("calls", 1.0) * attempts * (1.0 + hedges)) as u64
}

fn conditions(rng: &mut Rng, operations: &[Value]) -> Value {
    let one = |rng: &mut Rng| match rng.below(4) {
        0 => Value::Map(vec![(
            "probability".to_owned(),
            Value::Number(decimal(rng, 0.0, 1.0)),
        )]),
        1 => {
            let named = Value::List(vec![rng.pick(operations).clone()]);
            Value::Map(vec![("operations".to_owned(), named)])
        }
        _ => Value::text(*rng.pick(&["always", "reads", "writes", "on_miss", "on_error"])),
    };
    match rng.below(8) {
        0 => Value::List((0..rng.between(1, 3)).map(|_| one(rng)).collect()),
        1 | 2 => one(rng),
        // Most links see traffic.
        _ => Value::text("always"),
    }
}

fn faults(rng: &mut Rng, nodes: &[Drawn], links: &[Value]) -> Vec<Value> {
    let mut faults = Vec::new();
    for _ in 0..rng.below(4) {
        let kind = *rng.pick(FaultKind::ALL);
        let zones = zones_of(nodes);
        let targets: Vec<(String, u32)> = if kind == FaultKind::Partition {
            zones.iter().map(|zone| (zone.clone(), 1)).collect()
        } else if kind.is_for_links() {
            let id = |at: usize| default_id(links, at);
            let fits = |at: &usize| {
                let has_pool = links[*at]
                    .get("pool")
                    .is_some_and(|pool| *pool != Value::Null);
                kind != FaultKind::ConnectionLeak || has_pool
            };
            (0..links.len())
                .filter(fits)
                .map(|at| (id(at), 1))
                .collect()
        } else {
            let replays = |node: &Drawn| {
                let arrivals = node.value.get("arrivals");
                arrivals.is_some_and(|arrivals| arrivals.get("replay").is_some())
            };
            let fits = |node: &&Drawn| {
                let is_vain = kind == FaultKind::TrafficSpike && replays(node);
                let autoscale = node.value.get("autoscale");
                let is_scaled = autoscale.is_some_and(|autoscale| *autoscale != Value::Null);
                let is_vain = is_vain || kind == FaultKind::RollingDeploy && is_scaled;
                let is_leaderless = match &node.kind {
                    Kind::Database(database) => !database.has_leader(),
                    _ => false,
                };
                let is_vain = is_vain || kind == FaultKind::LeaderFailover && is_leaderless;
                kind.targets().contains(&node.kind.name()) && !is_vain
            };
            let target = |node: &Drawn| (node.id.clone(), node.kind.replicas());
            nodes.iter().filter(fits).map(target).collect()
        };
        if targets.is_empty() {
            continue;
        }
        let (mut target, replicas) = rng.pick(&targets).clone();
        let is_for_nodes = !kind.targets().is_empty();
        let hit = nodes.iter().find(|node| node.id == target);
        let mut is_of_zone = false;
        if let Some(zone) = hit.and_then(|node| zones_of(std::slice::from_ref(node)).pop())
            && is_for_nodes
            && kind != FaultKind::RollingDeploy
            && rng.chance(20)
            && !nodes.iter().any(|node| node.id == zone)
        {
            (target, is_of_zone) = (zone, true);
        }
        let mut fault = vec![
            ("kind".to_owned(), Value::text(kind.name())),
            ("target".to_owned(), Value::text(&target)),
            (
                "at".to_owned(),
                Value::text(Duration::ms(rng.below(DURATION_MAX_S * 1000)).to_string()),
            ),
        ];
        if rng.chance(80) {
            let lasts = Duration::ms(rng.between(1, 5_000));
            fault.push(("for".to_owned(), Value::text(lasts.to_string())));
        }
        if rng.chance(60) {
            fault.push(("times".to_owned(), Value::Number(decimal(rng, 0.1, 8.0))));
        }
        if rng.chance(40) {
            fault.push(("add".to_owned(), Value::text(distribution(rng))));
        }
        if rng.chance(40) {
            fault.push(("loss".to_owned(), Value::Number(decimal(rng, 0.0, 1.0))));
        }
        fault.extend(fault_course(rng, kind));
        if kind == FaultKind::Partition {
            let others: Vec<&String> = zones.iter().filter(|zone| **zone != target).collect();
            if !others.is_empty() && rng.chance(40) {
                fault.push(("to".to_owned(), Value::text(*rng.pick(&others))));
            }
            fault.push(("one_way".to_owned(), Value::Bool(rng.chance(30))));
        }
        if rng.chance(40) && is_for_nodes && !is_of_zone && kind != FaultKind::RollingDeploy {
            let replica = rng.below(u64::from(replicas));
            fault.push(("replica".to_owned(), Value::Number(replica as f64)));
        }
        faults.push(Value::Map(fault));
    }
    faults
}

/// Shares and times of a fault that are not those of every kind.
fn fault_course(rng: &mut Rng, kind: FaultKind) -> Vec<(String, Value)> {
    let mut course = Vec::new();
    for share in ["errors", "hot"] {
        if rng.chance(40) {
            course.push((share.to_owned(), Value::Number(decimal(rng, 0.0, 1.0))));
        }
    }
    if kind == FaultKind::SchemaMigration && rng.chance(50) {
        course.push(("reads".to_owned(), Value::Bool(true)));
    }
    let mut time = |rng: &mut Rng, name: &str, low, high| {
        let value = Value::text(duration(rng, low, high).to_string());
        course.push((name.to_owned(), value));
    };
    if rng.chance(60) {
        time(rng, "every", 0.5, 4.0);
        time(rng, "pause", 0.001, 0.4);
    }
    if rng.chance(60) {
        time(rng, "step", 0.05, 3.0);
    }
    if rng.chance(25) && !kind.has_own_course() {
        time(rng, "mtbf", 0.2, 6.0);
        if rng.chance(60) && !kind.is_of_a_moment() {
            time(rng, "mttr", 0.05, 2.0);
        }
    }
    if rng.chance(20) {
        let messages = Value::Number(rng.between(1, 20) as f64);
        course.push(("messages".to_owned(), messages));
    }
    course
}

/// The zones that nodes run in, each once.
fn zones_of(nodes: &[Drawn]) -> Vec<String> {
    let mut zones: Vec<String> = Vec::new();
    let mut note = |zone: &Value| {
        if let Value::Text(zone) = zone
            && !zones.contains(zone)
        {
            zones.push(zone.clone());
        }
    };
    for node in nodes {
        node.value.get("zone").into_iter().for_each(&mut note);
        if let Some(Value::List(items)) = node.value.get("zones") {
            items.iter().for_each(&mut note);
        }
    }
    zones
}

/// The id that reading gives to a link that has none.
fn default_id(links: &[Value], at: usize) -> String {
    let text = |link: &Value, name: &str| match link.get(name) {
        Some(Value::Text(text)) => text.clone(),
        _ => String::new(),
    };
    let ends = |link: &Value| (text(link, "from"), text(link, "to"));
    if let Some(Value::Text(id)) = links[at].get("id") {
        return id.clone();
    }
    let (from, to) = ends(&links[at]);
    match links[..at]
        .iter()
        .filter(|link| ends(link) == (from.clone(), to.clone()))
        .count()
    {
        0 => format!("{from}->{to}"),
        n => format!("{from}->{to}#{}", n + 1),
    }
}

fn requirement(rng: &mut Rng) -> Value {
    let metric = *rng.pick(Metric::ALL);
    let bound = match metric.is_duration() {
        true => Value::text(duration(rng, 0.001, 5.0).to_string()),
        false => Value::Number(decimal(rng, 0.0, 1.0)),
    };
    let side = *rng.pick(&["at_least", "at_most"]);
    Value::Map(vec![
        ("metric".to_owned(), Value::text(metric.name())),
        (side.to_owned(), bound),
    ])
}

/// About half of a record's fields; the others stay at their defaults.
fn record(rng: &mut Rng, record: &'static Record) -> Value {
    let mut entries = Vec::new();
    for field in record.fields {
        let is_of_links = field.name == "mode" && record.name != "Replication";
        if is_of_links || matches!(field.name, "id" | "from" | "to") || rng.chance(50) {
            continue;
        }
        entries.push((field.name.to_owned(), tame(rng, record, field)));
    }
    // A client's own rate is far too high for a quick run, and a message must not come for ever.
    if record.name == "Client" && !entries.iter().any(|(name, _)| name == "arrivals") {
        let rate = Value::Map(vec![("poisson".to_owned(), rate(rng))]);
        entries.push(("arrivals".to_owned(), rate));
    }
    if record.name == "Client" && is_replay(&entries) {
        entries.retain(|(name, _)| name != "profile");
    }
    if record.name == "Client" && (is_replay(&entries) || is_closed(&entries)) {
        entries.retain(|(name, _)| name != "batch");
    }
    // Scaled by the share of slots held, and not at a fixed number.
    let is_scaled = entries
        .iter()
        .any(|(name, value)| name == "autoscale" && *value != Value::Null);
    if is_scaled {
        entries.retain(|(name, value)| name != "concurrency" || *value != Value::Null);
    }
    if record.name == "Database" && is_quorum(&entries) {
        entries.retain(|(name, _)| !["row_locks", "cross_shard"].contains(&name.as_str()));
    }
    // One duration that must not be longer than another.
    let pair = match record.name {
        "Exponential" => Some(("base", "cap")),
        "BurnRate" => Some(("short", "long")),
        _ => None,
    };
    if let Some((less, more)) = pair {
        let long = |name: &str| {
            let entry = entries.iter().find(|(known, _)| known == name);
            let field = record.fields.iter().find(|field| field.name == name);
            let value = entry.map(|(_, value)| value.clone());
            match value.or_else(|| field.map(|field| (field.default)())) {
                Some(Value::Text(text)) => Duration::parse(&text).map_or(0, |long| long.0),
                _ => 0,
            }
        };
        if long(less) > long(more) {
            let less = entries.iter().position(|(name, _)| name == less);
            let more = entries.iter().position(|(name, _)| name == more);
            match (less, more) {
                (Some(less), Some(more)) => {
                    let longer = std::mem::replace(&mut entries[less].1, Value::Null);
                    entries[less].1 = std::mem::replace(&mut entries[more].1, longer);
                }
                _ => entries.clear(),
            }
        }
    }
    Value::Map(entries)
}

fn is_closed(client: &[(String, Value)]) -> bool {
    let arrivals = client.iter().find(|(name, _)| name == "arrivals");
    arrivals.is_some_and(|(_, arrivals)| arrivals.get("closed").is_some())
}

/// Whether a database has members without a leader.
fn is_quorum(database: &[(String, Value)]) -> bool {
    let replication = database.iter().find(|(name, _)| name == "replication");
    let mode = replication.and_then(|(_, replication)| replication.get("mode"));
    mode == Some(&Value::text("quorum"))
}

fn is_replay(client: &[(String, Value)]) -> bool {
    let arrivals = client.iter().find(|(name, _)| name == "arrivals");
    arrivals.is_some_and(|(_, arrivals)| arrivals.get("replay").is_some())
}

/// A field's value, where its range alone would give designs that are invalid or run for ever.
fn tame(rng: &mut Rng, record: &'static Record, field: &'static Field) -> Value {
    let whole = |n: u64| Value::Number(n as f64);
    match (record.name, field.name) {
        ("Client", "operations") => {
            let count = rng.between(1, 3);
            Value::List((0..count).map(|at| operation(rng, at)).collect())
        }
        ("Client", "profile") => {
            let mut at_ms = 0;
            let mut over_ms = 0;
            let mut step = || {
                at_ms += over_ms + rng.between(1, 4_000);
                over_ms = rng.below(2) * rng.below(2_000);
                Value::Map(vec![
                    (
                        "at".to_owned(),
                        Value::text(Duration::ms(at_ms).to_string()),
                    ),
                    ("times".to_owned(), Value::Number(decimal(rng, 0.0, 4.0))),
                    (
                        "over".to_owned(),
                        Value::text(Duration::ms(over_ms).to_string()),
                    ),
                ])
            };
            Value::List((0..3).map(|_| step()).collect())
        }
        ("Zones", "pairs") => {
            let latency = ("latency".to_owned(), Value::text(distribution(rng)));
            let [between, and] = [("between", ZONES[0]), ("and", ZONES[2])]
                .map(|(name, zone)| (name.to_owned(), Value::text(zone)));
            Value::List(vec![Value::Map(vec![between, and, latency])])
        }
        // A user who hardly thinks asks thousands of times a second.
        ("Closed", "think") => Value::text(format!("exp({})", duration(rng, 0.2, 2.0))),
        // Deep probes cause calls of their own.
        ("HealthCheck", "interval") => Value::text(duration(rng, 0.2, 5.0).to_string()),
        ("Client", "batch") => whole(rng.between(1, 4)),
        ("Client", "reload") => Value::Number(decimal(rng, 0.0, 0.6)),
        ("Coordinator", "members") => whole(rng.between(1, 5)),
        ("Service", "replicas") => whole(rng.between(1, 5)),
        // At least as many as a service may start with.
        ("Autoscale", "min") => whole(1),
        ("Autoscale", "max") => whole(rng.between(5, 9)),
        ("Autoscale", "interval") => Value::text(duration(rng, 1.0, 3.0).to_string()),
        ("Memory", "limit_mb") => Value::Number(decimal(rng, 130.0, 150.0)),
        ("Memory", "idle_mb") => Value::Number(decimal(rng, 100.0, 128.0)),
        ("Memory", "call_mb") => Value::Number(decimal(rng, 0.1, 1.9)),
        ("Gradient" | "Aimd", "min") => whole(rng.between(1, 20)),
        ("Gradient" | "Aimd", "max") => whole(rng.between(20, 60)),
        ("Link", "calls") => whole(rng.between(1, 3)),
        ("Link", "loss") => Value::Number(decimal(rng, 0.0, 0.2)),
        ("Retry", "max_attempts") => whole(rng.between(1, 4)),
        ("Retry", "on") => match any(rng, &field.shape, field.range) {
            Value::List(items) if items.is_empty() => (field.default)(),
            items => items,
        },
        ("Hedge", "max") => whole(rng.between(1, 2)),
        ("Breaker", "failure_rate") => Value::Number(decimal(rng, 0.05, 1.0)),
        ("Queue", "visibility_timeout") => Value::text(duration(rng, 0.5, 20.0).to_string()),
        ("Shards", "count") => whole(rng.between(1, 4)),
        ("Replication", "replicas") => whole(rng.between(2, 4)),
        ("Replication", "r" | "w") => whole(rng.between(1, 2)),
        // Operations are not known here.
        ("Database", "cross_shard") => match any(rng, &field.shape, None) {
            Value::Map(mut entries) => {
                let value = match entries[0].0.as_str() {
                    "probability" => Value::Number(decimal(rng, 0.0, 1.0)),
                    _ => Value::List(Vec::new()),
                };
                entries[0].1 = value;
                Value::Map(entries)
            }
            bare => bare,
        },
        ("Queue", "max_receives") => whole(rng.between(1, 8)),
        _ => any(rng, &field.shape, field.range),
    }
}

fn operation(rng: &mut Rng, at: u64) -> Value {
    let keys = match rng.below(2) {
        0 => (
            "uniform".to_owned(),
            Value::Map(vec![(
                "n".to_owned(),
                Value::Number(rng.between(1, 500) as f64),
            )]),
        ),
        _ => {
            let n = ("n".to_owned(), Value::Number(rng.between(1, 500) as f64));
            let s = ("s".to_owned(), Value::Number(decimal(rng, 0.0, 2.0)));
            ("zipf".to_owned(), Value::Map(vec![n, s]))
        }
    };
    let name = match rng.below(2) {
        0 => format!("operation {at}"),
        _ => format!("{}{at}", name(rng)),
    };
    Value::Map(vec![
        ("name".to_owned(), Value::text(name)),
        ("weight".to_owned(), Value::Number(decimal(rng, 0.1, 10.0))),
        (
            "effect".to_owned(),
            Value::text(*rng.pick(&["read", "read", "write"])),
        ),
        ("keys".to_owned(), Value::Map(vec![keys])),
    ])
}

/// Any value of a shape, small.
fn any(rng: &mut Rng, shape: &'static Shape, range: Option<(f64, f64)>) -> Value {
    let (low, high) = range.unwrap_or((0.0, f64::INFINITY));
    match shape {
        Shape::Bool => Value::Bool(rng.chance(50)),
        Shape::Integer => Value::Number(libm::floor(rng.skewed(low, high.min(low + 60.0)))),
        Shape::Number => Value::Number(decimal(rng, low, high.min(low + 3.0))),
        Shape::Text => Value::text(name(rng)),
        Shape::Duration => Value::text(duration(rng, low.max(0.0001), high.min(3.0)).to_string()),
        Shape::Rate => rate(rng),
        Shape::Distribution => Value::text(distribution(rng)),
        Shape::Choice(names) => Value::text(rng.pick(names).name),
        Shape::Optional(_) if rng.chance(20) => Value::Null,
        Shape::Optional(inner) => any(rng, inner, range),
        Shape::List(inner) => {
            let mut items: Vec<Value> = (0..rng.below(20)).map(|_| any(rng, inner, None)).collect();
            // The lists whose order matters hold moments, which do not go backwards.
            items.sort_by_key(|item| match item {
                Value::Text(text) => Duration::parse(text).map_or(0, |duration| duration.0),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::List(_)
                | Value::Map(_) => 0,
            });
            Value::List(items)
        }
        Shape::OneOrMany(inner) => any(rng, inner, range),
        Shape::Record(inner) => record(rng, inner),
        Shape::Variants(bare, with) => match rng.below((bare.len() + with.len()) as u64) as usize {
            at if at < bare.len() => Value::text(bare[at].name),
            at => {
                let variant = &with[at - bare.len()];
                let value = any(rng, &variant.shape, None);
                Value::Map(vec![(variant.name.to_owned(), value)])
            }
        },
    }
}

fn rate(rng: &mut Rng) -> Value {
    Value::text(Rate(decimal(rng, 2.0, 150.0)).to_string())
}

/// Mostly as people type numbers; now and then with every digit.
fn decimal(rng: &mut Rng, low: f64, high: f64) -> f64 {
    let n = rng.skewed(low, high);
    match rng.below(5) {
        0 => n,
        1 => (libm::ceil(n)).clamp(low, high),
        _ => (libm::round(n * 100.0) / 100.0).clamp(low, high),
    }
}

/// Bounds in seconds.
fn duration(rng: &mut Rng, low: f64, high: f64) -> Duration {
    let ns = rng.skewed(low, high) * 1e9;
    let unit = *rng.pick(&[1.0, 1e3, 1e6, 1e6, 1e6]);
    let ns = (libm::ceil(ns / unit) * unit).clamp(libm::ceil(low * 1e9), high * 1e9);
    Duration(ns as u64)
}

fn distribution(rng: &mut Rng) -> String {
    let mut some = |low, high| duration(rng, low, high).to_string();
    let (a, b) = (some(0.000_01, 0.005), some(0.01, 0.1));
    match rng.below(9) {
        0 => a,
        1 => format!("exp({a})"),
        2 => format!("uniform({a},{b})"),
        3 => format!("normal({b},{a})"),
        4 => format!("lognormal(p50={a},p99={b})"),
        5 => format!("erlang({},{a})", rng.between(1, 6)),
        6 => format!("hyperexp(0.9:{a},0.1:{b})"),
        7 => match rng.below(2) {
            0 => format!("pareto(min={a},alpha={})", decimal(rng, 1.2, 3.0)),
            _ => format!("pareto(min={a},alpha={},max={b})", decimal(rng, 0.5, 3.0)),
        },
        _ => format!("empirical(0:{a},{}:{a},1:{b})", decimal(rng, 0.1, 0.9)),
    }
}

/// A name as people give them, some of them awkward.
fn name(rng: &mut Rng) -> String {
    (*rng.pick(&[
        "api",
        "checkout",
        "Orders",
        "payment gateway",
        "users \"new\"",
        "größe",
        "データ",
        "🦀",
        "a->b",
        "x#2",
        "edge/eu-west-1",
        "<b>bold</b>",
        "back\\slash",
        "orders.v2",
        "search",
    ]))
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;
    use crate::link::{self, Shared};
    use std::collections::BTreeSet;

    #[test]
    fn they_survive_link_and_file() {
        for seed in 0..400 {
            let design = design(seed);
            assert_eq!(
                json::read(&json::write(&design)).as_ref(),
                Ok(&design),
                "seed {seed}"
            );
            let shared = Shared { design, view: None };
            let link = link::encode(&shared);
            assert_eq!(link::decode(&link), Ok(shared), "seed {seed}");
        }
    }

    #[test]
    fn a_seed_gives_one_design() {
        assert_eq!(design(7), design(7));
        assert_ne!(design(7), design(8));
    }

    /// Every field is set, every name is used: nothing of the document goes untested.
    #[test]
    fn they_cover_the_document() {
        let mut set = BTreeSet::new();
        for seed in 0..400 {
            let written = design(seed).write(true);
            for (list, name) in [("nodes", "node"), ("links", "link"), ("faults", "fault")] {
                let Some(Value::List(items)) = written.get(list) else {
                    continue;
                };
                for item in items {
                    let name = match item.get("kind") {
                        Some(Value::Text(kind)) if name == "node" => kind,
                        _ => name,
                    };
                    note(name, item, &mut set);
                }
            }
        }
        let mut lacking = Vec::new();
        for kind in KINDS {
            want_record(kind.name, kind.record, &mut lacking);
            want_record(kind.name, design::Deployment::RECORD, &mut lacking);
        }
        want_record("link", Link::RECORD, &mut lacking);
        want_record("fault", design::Fault::RECORD, &mut lacking);
        lacking.retain(|path| !set.contains(path));
        assert!(lacking.is_empty(), "never drawn: {lacking:#?}");
    }

    fn note(path: &str, value: &Value, set: &mut BTreeSet<String>) {
        match value {
            Value::Map(entries) => {
                for (key, value) in entries {
                    set.insert(format!("{path}.{key}"));
                    note(&format!("{path}.{key}"), value, set);
                }
            }
            Value::List(items) => {
                for item in items {
                    note(path, item, set);
                }
            }
            Value::Text(text) => {
                set.insert(format!("{path}.{text}"));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn want_record(path: &str, record: &'static Record, paths: &mut Vec<String>) {
        for field in record.fields {
            let path = format!("{path}.{}", field.name);
            want(&path, &field.shape, paths);
            // A default is not written; that it is used is certain.
            if let Value::Text(default) = (field.default)() {
                paths.retain(|wanted| *wanted != format!("{path}.{default}"));
            }
            paths.push(path);
        }
    }

    fn want(path: &str, shape: &'static Shape, paths: &mut Vec<String>) {
        match shape {
            Shape::Record(record) => want_record(path, record, paths),
            Shape::Optional(inner) | Shape::List(inner) | Shape::OneOrMany(inner) => {
                want(path, inner, paths);
            }
            Shape::Choice(names) => {
                paths.extend(names.iter().map(|named| format!("{path}.{}", named.name)));
            }
            Shape::Variants(bare, with) => {
                paths.extend(bare.iter().map(|named| format!("{path}.{}", named.name)));
                for variant in *with {
                    let path = format!("{path}.{}", variant.name);
                    want(&path, &variant.shape, paths);
                    paths.push(path);
                }
            }
            Shape::Bool
            | Shape::Integer
            | Shape::Number
            | Shape::Text
            | Shape::Duration
            | Shape::Rate
            | Shape::Distribution => {}
        }
    }
}
