//! Serde for a metric that may be missing, by its name.

use design::Metric;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(metric: &Option<Metric>, to: S) -> Result<S::Ok, S::Error> {
    metric.map(Metric::name).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Metric>, D::Error> {
    let name = Option::<String>::deserialize(from)?;
    name.map(|name| find(&name)).transpose()
}

fn find<E: serde::de::Error>(name: &str) -> Result<Metric, E> {
    let mut all = Metric::ALL.iter().copied();
    all.find(|metric| metric.name() == name)
        .ok_or_else(|| E::custom("not a metric"))
}

/// Serde for metrics, by their names.
pub mod many {
    use super::{Deserialize, Deserializer, Metric, Serialize, Serializer};

    /// Writes their names.
    pub fn serialize<S: Serializer>(metrics: &[Metric], to: S) -> Result<S::Ok, S::Error> {
        let names: Vec<&str> = metrics.iter().map(|metric| metric.name()).collect();
        names.serialize(to)
    }

    /// Reads their names.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Metric>, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        names.iter().map(|name| super::find(name)).collect()
    }
}

/// Serde for a metric, by its name.
pub(crate) mod one {
    use super::{Deserialize, Deserializer, Metric, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
        metric.name().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Metric, D::Error> {
        super::find(&String::deserialize(from)?)
    }
}
