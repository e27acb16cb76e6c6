//! W2 in nexosim: the same system as w2.json, as models with ports, on one thread.
//!
//! Prints requests, seconds of processor time, requests per second, mean and p99 latency in ms.
//! Usage: w2-nexosim REQUESTS

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use nexosim::model::{Context, Model, schedulable};
use nexosim::ports::{EventSinkReader, EventSource, Output, SinkState, event_slot};
use nexosim::simulation::{EventKey, Mailbox, SimInit, SimulationError};
use nexosim::time::MonotonicTime;
use serde::{Deserialize, Serialize};

const REPLICAS: usize = 8;
const SLOTS: usize = 4;
const CONNECTIONS: usize = 16;
const RATE: f64 = 1500.0;
const TIMEOUT: Duration = Duration::from_millis(500);

#[derive(Clone, Serialize, Deserialize)]
struct Request {
    id: u64,
    made: MonotonicTime,
    replica: usize,
}

/// xoshiro256++.
#[derive(Serialize, Deserialize)]
struct Random([u64; 4]);

impl Random {
    fn new(seed: u64) -> Self {
        let mut state = seed;
        Self([(); 4].map(|()| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }))
    }

    fn unit(&mut self) -> f64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        (result >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Returns at least 1 ns, because nothing may be scheduled for the present moment.
    fn exponential(&mut self, mean_s: f64) -> Duration {
        let ns = -(1.0 - self.unit()).ln() * mean_s * 1e9;
        Duration::from_nanos((ns as u64).max(1))
    }
}

#[derive(Clone, Default)]
struct Summary {
    answered: u64,
    timeouts: u64,
    sum_s: f64,
    /// Counts by tenth of a millisecond.
    latencies: Vec<u32>,
}

#[derive(Serialize, Deserialize)]
struct Clients {
    send: Output<Request>,
    done: Output<Summary>,
    left: u64,
    pending: HashMap<u64, EventKey>,
    answered: u64,
    timeouts: u64,
    sum_s: f64,
    latencies: Vec<u32>,
    random: Random,
}

#[Model]
impl Clients {
    #[nexosim(schedulable)]
    async fn make(&mut self, id: u64, cx: &Context<Self>) {
        self.left -= 1;
        if self.left > 0 {
            let pause = self.random.exponential(1.0 / RATE);
            cx.schedule_event(pause, schedulable!(Self::make), id + 1)
                .unwrap();
        }
        let key = cx
            .schedule_keyed_event(TIMEOUT, schedulable!(Self::give_up), id)
            .unwrap();
        self.pending.insert(id, key);
        let (made, replica) = (cx.time(), 0);
        self.send.send(Request { id, made, replica }).await;
    }

    async fn answer(&mut self, request: Request, cx: &Context<Self>) {
        let Some(key) = self.pending.remove(&request.id) else {
            return;
        };
        key.cancel();
        let latency = cx.time().duration_since(request.made).as_secs_f64();
        self.answered += 1;
        self.sum_s += latency;
        let last = self.latencies.len() - 1;
        self.latencies[((latency * 1e4) as usize).min(last)] += 1;
        self.tell_if_done().await;
    }

    #[nexosim(schedulable)]
    async fn give_up(&mut self, id: u64) {
        if self.pending.remove(&id).is_some() {
            self.timeouts += 1;
            self.tell_if_done().await;
        }
    }

    async fn tell_if_done(&mut self) {
        if self.left == 0 && self.pending.is_empty() {
            let summary = Summary {
                answered: self.answered,
                timeouts: self.timeouts,
                sum_s: self.sum_s,
                latencies: std::mem::take(&mut self.latencies),
            };
            self.done.send(summary).await;
        }
    }
}

#[derive(Default, Serialize, Deserialize)]
struct Balancer {
    replicas: Vec<Output<Request>>,
    next: usize,
}

#[Model]
impl Balancer {
    async fn call(&mut self, mut request: Request) {
        request.replica = self.next;
        self.next = (self.next + 1) % self.replicas.len();
        self.replicas[request.replica].send(request).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Replica {
    answer: Output<Request>,
    database: Output<Request>,
    busy: usize,
    queue: VecDeque<Request>,
    random: Random,
}

#[Model]
impl Replica {
    fn call(&mut self, request: Request, cx: &Context<Self>) {
        if self.busy < SLOTS {
            self.begin(request, cx);
        } else {
            self.queue.push_back(request);
        }
    }

    fn begin(&mut self, request: Request, cx: &Context<Self>) {
        self.busy += 1;
        let work = self.random.exponential(0.010);
        cx.schedule_event(work, schedulable!(Self::served), request)
            .unwrap();
    }

    #[nexosim(schedulable)]
    fn served(&mut self, request: Request, cx: &Context<Self>) {
        let look_up = self.random.exponential(0.001);
        cx.schedule_event(look_up, schedulable!(Self::looked_up), request)
            .unwrap();
    }

    #[nexosim(schedulable)]
    async fn looked_up(&mut self, request: Request, cx: &Context<Self>) {
        if self.random.unit() < 0.1 {
            self.database.send(request).await;
        } else {
            self.finish(request, cx).await;
        }
    }

    async fn finish(&mut self, request: Request, cx: &Context<Self>) {
        self.busy -= 1;
        while let Some(next) = self.queue.pop_front() {
            // A request that timed out is skipped.
            if cx.time().duration_since(next.made) <= TIMEOUT {
                self.begin(next, cx);
                break;
            }
        }
        self.answer.send(request).await;
    }
}

#[derive(Serialize, Deserialize)]
struct Database {
    replicas: Vec<Output<Request>>,
    busy: usize,
    queue: VecDeque<Request>,
    random: Random,
}

#[Model]
impl Database {
    fn call(&mut self, request: Request, cx: &Context<Self>) {
        if self.busy < CONNECTIONS {
            self.begin(request, cx);
        } else {
            self.queue.push_back(request);
        }
    }

    fn begin(&mut self, request: Request, cx: &Context<Self>) {
        self.busy += 1;
        let work = self.random.exponential(0.060);
        cx.schedule_event(work, schedulable!(Self::served), request)
            .unwrap();
    }

    #[nexosim(schedulable)]
    async fn served(&mut self, request: Request, cx: &Context<Self>) {
        self.busy -= 1;
        if let Some(next) = self.queue.pop_front() {
            self.begin(next, cx);
        }
        self.replicas[request.replica].send(request).await;
    }
}

fn main() -> Result<(), SimulationError> {
    let requests = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let requests: u64 = requests.expect("usage: w2-nexosim REQUESTS");
    let mut clients = Clients {
        send: Output::default(),
        done: Output::default(),
        left: requests,
        pending: HashMap::new(),
        answered: 0,
        timeouts: 0,
        sum_s: 0.0,
        latencies: vec![0; 10_000],
        random: Random::new(1),
    };
    let mut balancer = Balancer::default();
    let mut database = Database {
        replicas: Vec::new(),
        busy: 0,
        queue: VecDeque::new(),
        random: Random::new(2),
    };
    let (clients_box, balancer_box, database_box) =
        (Mailbox::new(), Mailbox::new(), Mailbox::new());
    clients.send.connect(Balancer::call, &balancer_box);
    let (sink, mut summary) = event_slot(SinkState::Enabled);
    clients.done.connect_sink(sink);
    let mut bench = SimInit::with_num_threads(1);
    let mut replicas = Vec::new();
    for number in 0..REPLICAS {
        let mailbox = Mailbox::new();
        let mut replica = Replica {
            answer: Output::default(),
            database: Output::default(),
            busy: 0,
            queue: VecDeque::new(),
            random: Random::new(3 + number as u64),
        };
        replica.answer.connect(Clients::answer, &clients_box);
        replica.database.connect(Database::call, &database_box);
        let mut to = Output::default();
        to.connect(Replica::call, &mailbox);
        balancer.replicas.push(to);
        let mut back = Output::default();
        back.connect(Replica::finish, &mailbox);
        database.replicas.push(back);
        replicas.push((replica, mailbox, format!("replica {number}")));
    }
    let first = EventSource::new()
        .connect(Clients::make, &clients_box)
        .register(&mut bench);
    bench = bench
        .add_model(clients, clients_box, "clients")
        .add_model(balancer, balancer_box, "balancer")
        .add_model(database, database_box, "database");
    for (replica, mailbox, name) in replicas {
        bench = bench.add_model(replica, mailbox, &name);
    }
    let mut simulation = bench.init(MonotonicTime::EPOCH)?;
    let began = processor_s();
    simulation.process_event(&first, 0)?;
    simulation.run()?;
    let took = processor_s() - began;
    let summary = summary.try_read().expect("the last request says so");
    let count = summary.answered + summary.timeouts;
    let (mut seen, rank) = (0, (summary.answered as f64 * 0.99) as u64);
    let p99 = summary.latencies.iter().position(|in_bucket| {
        seen += u64::from(*in_bucket);
        seen > rank
    });
    println!(
        "{{\"requests\": {count}, \"cpu_s\": {took:.3}, \"requests_per_s\": {:.0}, \
         \"mean_ms\": {:.2}, \"p99_ms\": {:.1}, \"timeouts\": {}}}",
        count as f64 / took,
        summary.sum_s / summary.answered as f64 * 1e3,
        p99.unwrap_or(0) as f64 / 10.0,
        summary.timeouts,
    );
    Ok(())
}

/// Returns the processor time of this thread, in s.
fn processor_s() -> f64 {
    let schedule = std::fs::read_to_string("/proc/thread-self/schedstat");
    let ns = schedule
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
    ns.expect("Linux tells the time a thread has had") as f64 / 1e9
}
