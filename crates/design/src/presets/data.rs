//! Where data is.

use super::Plain::{Number, Off, On, Text, True};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "postgresql",
        label: "PostgreSQL",
        kind: "database",
        words: "postgres pg sql relational rdbms postgis timescaledb pgvector rds aurora",
        about: "One server with 100 connections. Writes of the same row are serialized.",
        values: &[
            given(
                "connections",
                Number(100.0),
                "PostgreSQL max_connections: 100",
            ),
            given(
                "row_locks",
                True,
                "PostgreSQL: a row is locked until the transaction commits",
            ),
            example("contention", On),
        ],
    },
    Preset {
        name: "postgres-replicas",
        label: "PostgreSQL, read replicas",
        kind: "database",
        words: "postgres pg streaming replication standby follower hot rds",
        about: "A primary and two standbys, which serve reads and lag behind.",
        values: &[
            given(
                "connections",
                Number(100.0),
                "PostgreSQL max_connections: 100",
            ),
            given(
                "row_locks",
                True,
                "PostgreSQL: a row is locked until the transaction commits",
            ),
            given(
                "replication.mode",
                Text("async"),
                "PostgreSQL: streaming replication is asynchronous unless named in synchronous_standby_names",
            ),
            example("replication.replicas", Number(3.0)),
            example("replication.read_from", Text("follower")),
            given(
                "replication.lag",
                Text("exp(10ms)"),
                "1 to 10 ms within a zone, 5 to 50 ms between zones",
            ),
        ],
    },
    Preset {
        name: "mysql",
        label: "MySQL",
        kind: "database",
        words: "mariadb percona innodb sql relational rdbms aurora",
        about: "One server with 151 connections. Writes of the same row are serialized.",
        values: &[
            given("connections", Number(151.0), "MySQL max_connections: 151"),
            given(
                "row_locks",
                True,
                "InnoDB: a row is locked until the transaction commits",
            ),
            example("contention", On),
        ],
    },
    Preset {
        name: "mongodb",
        label: "MongoDB replica set",
        kind: "database",
        words: "mongo document nosql",
        about: "Three members. A write is acknowledged when two have it; detecting a lost primary takes 10 s.",
        values: &[
            given(
                "replication.replicas",
                Number(3.0),
                "MongoDB: usually three members",
            ),
            given(
                "replication.mode",
                Text("semi_sync"),
                "MongoDB 5.0 and later: write concern majority",
            ),
            given(
                "replication.read_from",
                Text("leader"),
                "MongoDB: read preference primary",
            ),
            given(
                "replication.detection_time",
                Text("10s"),
                "MongoDB electionTimeoutMillis: 10 s",
            ),
            given(
                "connections",
                Off,
                "MongoDB: 65,536, which no design reaches here",
            ),
        ],
    },
    Preset {
        name: "cassandra",
        label: "Cassandra",
        kind: "database",
        words: "scylla scylladb dynamo quorum wide column nosql eventual",
        about: "Leaderless: two of three replicas must respond. In a partition, a side continues if it reaches a quorum.",
        values: &[
            given("replication.mode", Text("quorum"), "Cassandra: no leader"),
            given("replication.replicas", Number(3.0), "replication factor 3"),
            given(
                "replication.r",
                Number(2.0),
                "consistency level QUORUM of 3",
            ),
            given(
                "replication.w",
                Number(2.0),
                "consistency level QUORUM of 3",
            ),
            given(
                "replication.on_partition",
                Text("refuse"),
                "QUORUM: fails without two of three replicas",
            ),
            given(
                "concurrency",
                Number(32.0),
                "Cassandra concurrent_reads and concurrent_writes: 32",
            ),
            given(
                "connections",
                Off,
                "Cassandra native_transport_max_concurrent_connections: unlimited",
            ),
            example("shards.count", Number(3.0)),
        ],
    },
    Preset {
        name: "dynamodb",
        label: "DynamoDB",
        kind: "database",
        words: "amazon aws dynamo key value nosql serverless",
        about: "Hash partitions, each with a leader and two copies. Any of the three may serve a read.",
        values: &[
            given("connections", Off, "no connections: requests over HTTP"),
            given(
                "replication.replicas",
                Number(3.0),
                "three copies in three zones",
            ),
            given(
                "replication.mode",
                Text("semi_sync"),
                "a write is acknowledged when two of three have it",
            ),
            given(
                "replication.read_from",
                Text("any"),
                "eventually consistent reads unless ConsistentRead is set",
            ),
            given(
                "replication.lag",
                Text("exp(10ms)"),
                "1 to 10 ms within a zone, 5 to 50 ms between zones",
            ),
            example("shards.count", Number(4.0)),
            example("concurrency", Number(64.0)),
            example("read_time", Text("lognormal(p50=3ms,p99=12ms)")),
            example("write_time", Text("lognormal(p50=5ms,p99=20ms)")),
        ],
    },
    Preset {
        name: "search-index",
        label: "Search index",
        kind: "database",
        words: "elasticsearch elastic opensearch solr lucene full text",
        about: "An index with one replica. Writes become searchable after about a second.",
        values: &[
            given(
                "concurrency",
                Number(13.0),
                "Elasticsearch search pool: 3/2 of the processors plus 1, with 8",
            ),
            given(
                "connections",
                Number(1_013.0),
                "Elasticsearch search pool: 1,000 in its queue",
            ),
            example("read_time", Text("lognormal(p50=20ms,p99=300ms)")),
            example("write_time", Text("lognormal(p50=5ms,p99=50ms)")),
            given(
                "replication.replicas",
                Number(2.0),
                "Elasticsearch number_of_replicas: 1",
            ),
            given(
                "replication.read_from",
                Text("any"),
                "Elasticsearch: a search goes to any copy",
            ),
            given(
                "replication.lag",
                Text("uniform(0s,1s)"),
                "Elasticsearch refresh_interval: 1 s",
            ),
        ],
    },
    Preset {
        name: "object-store",
        label: "Object store",
        kind: "database",
        words: "s3 amazon minio gcs blob bucket azure storage files ceph seaweedfs",
        about: "Unlimited concurrency, but slow: tens of milliseconds to the first byte.",
        values: &[
            given("connections", Off, "no connections: requests over HTTP"),
            example("concurrency", Number(10_000.0)),
            given(
                "read_time",
                Text("lognormal(p50=40ms,p99=250ms)"),
                "Amazon S3: 100 to 200 ms for small objects, less from its own caches",
            ),
            example("write_time", Text("lognormal(p50=60ms,p99=400ms)")),
        ],
    },
    Preset {
        name: "redis",
        label: "Redis cache",
        kind: "cache",
        words: "valkey keydb dragonfly elasticache memory remote key value redis-stack redis-stack-server garnet",
        about: "Look-aside: on a miss, the caller loads the value and fills the cache.",
        values: &[
            given(
                "eviction",
                Text("lru"),
                "Redis allkeys-lru; it ships with noeviction, which fails writes when full",
            ),
            given(
                "hit_time",
                Text("lognormal(p50=400us,p99=1ms)"),
                "a remote memory cache answers in 0.3 to 1 ms",
            ),
            given(
                "ttl_jitter",
                Number(0.1),
                "10% jitter, so that entries filled together do not expire together",
            ),
        ],
    },
    Preset {
        name: "memcached",
        label: "Memcached",
        kind: "cache",
        words: "memcache mcrouter leases facebook remote",
        about: "Look-aside with leases: one caller loads a key, and a fill that an invalidation overtook is discarded.",
        values: &[
            given("eviction", Text("lru"), "memcached: LRU per slab class"),
            given(
                "hit_time",
                Text("lognormal(p50=400us,p99=1ms)"),
                "a remote memory cache answers in 0.3 to 1 ms",
            ),
            given(
                "single_flight",
                True,
                "Nishtala et al., NSDI 2013: a lease per key",
            ),
            given("leases", True, "Nishtala et al., NSDI 2013"),
            given(
                "lease_time",
                Text("10s"),
                "Nishtala et al., NSDI 2013: one token per key and 10 s",
            ),
        ],
    },
    Preset {
        name: "local-cache",
        label: "In-process cache",
        kind: "cache",
        words: "caffeine guava lru local memory near",
        about: "Small and local: lookups take microseconds.",
        values: &[
            example("capacity", Number(1_000.0)),
            given(
                "hit_time",
                Text("const(1us)"),
                "in the process: 1 µs to 0.1 ms",
            ),
        ],
    },
];
