//! What keeps messages.

use super::Plain::{False, Number, Off, Text, True};
use super::{Preset, example, given};

pub(super) const PRESETS: &[Preset] = &[
    Preset {
        name: "kafka-topic",
        label: "Kafka topic",
        kind: "queue",
        words: "kafka cp-kafka redpanda log stream partition event kinesis pulsar msk",
        about: "Ordered per partition, one consumer each: head-of-line blocking when one message is slow.",
        values: &[
            given(
                "partitions",
                Number(6.0),
                "Kafka num.partitions: 1; topics usually get more",
            ),
            given(
                "session_timeout",
                Text("45s"),
                "Kafka session.timeout.ms: 45 s",
            ),
            given("heartbeat", Text("3s"), "Kafka heartbeat.interval.ms: 3 s"),
            given(
                "max_poll_interval",
                Text("5m"),
                "Kafka max.poll.interval.ms: 5 min",
            ),
            given(
                "max_receives",
                Off,
                "Kafka never drops a failing record by itself",
            ),
            given(
                "redelivery",
                Text("at_once"),
                "Kafka: a consumer reads on from its committed offset",
            ),
            given(
                "overflow",
                Text("drop_oldest"),
                "Kafka: retention drops the oldest",
            ),
            example("capacity", Number(1_000_000.0)),
        ],
    },
    Preset {
        name: "sqs-queue",
        label: "SQS queue",
        kind: "queue",
        words: "amazon aws simple queue service elasticmq",
        about: "At-least-once, unordered. A message not deleted within 30 s is redelivered.",
        values: &[
            given(
                "delivery",
                Text("at_least_once"),
                "Amazon SQS standard queues: at least once",
            ),
            given("visibility_timeout", Text("30s"), "Amazon SQS: 30 s"),
            given(
                "max_receives",
                Number(10.0),
                "Amazon SQS: none by default; its console proposes 10",
            ),
            given("capacity", Off, "Amazon SQS: no limit on waiting messages"),
        ],
    },
    Preset {
        name: "rabbitmq",
        label: "RabbitMQ queue",
        kind: "queue",
        words: "amqp rabbit broker activemq artemis quorum",
        about: "Pushes to consumers. Redelivers rejected messages immediately, up to 20 times.",
        values: &[
            given(
                "visibility_timeout",
                Text("30m"),
                "RabbitMQ consumer acknowledgement timeout: 30 min",
            ),
            given(
                "max_receives",
                Number(20.0),
                "RabbitMQ 4 quorum queues, delivery limit: 20",
            ),
            given(
                "redelivery",
                Text("at_once"),
                "RabbitMQ: rejected messages go back to the head of the queue",
            ),
            given(
                "overflow",
                Text("drop_oldest"),
                "RabbitMQ overflow: drop-head",
            ),
            given("capacity", Off, "RabbitMQ: no max-length unless set"),
        ],
    },
    Preset {
        name: "pub-sub",
        label: "Pub/sub topic",
        kind: "queue",
        words: "sns google pubsub nats fan-out broadcast event bus eventbridge topic",
        about: "Every subscriber gets every message, with a backlog of its own.",
        values: &[given(
            "fan_out",
            True,
            "Google Pub/Sub and Amazon SNS: a copy for each subscription",
        )],
    },
    Preset {
        name: "redis-pub-sub",
        label: "Redis pub/sub",
        kind: "queue",
        words: "valkey channel fire and forget at most once",
        about: "At-most-once delivery to current subscribers. Messages do not survive a crash.",
        values: &[
            given(
                "delivery",
                Text("at_most_once"),
                "Redis: a message is delivered at most once",
            ),
            given("fan_out", True, "Redis: to all who subscribe"),
            given("durable", False, "Redis: nothing is kept"),
        ],
    },
];
