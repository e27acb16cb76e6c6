//! A metric that may be missing, for serde: by its name.

use design::Metric;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(metric: &Option<Metric>, to: S) -> Result<S::Ok, S::Error> {
    metric.map(Metric::name).serialize(to)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Metric>, D::Error> {
    let name = Option::<String>::deserialize(from)?;
    let metric = name.map(|name| {
        let mut all = Metric::ALL.iter().copied();
        all.find(|metric| metric.name() == name)
            .ok_or_else(|| serde::de::Error::custom("not a metric"))
    });
    metric.transpose()
}

/// The same of a metric that is there.
pub(crate) mod one {
    use super::{Deserializer, Metric, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer>(metric: &Metric, to: S) -> Result<S::Ok, S::Error> {
        metric.name().serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Metric, D::Error> {
        let metric = super::deserialize(from)?;
        metric.ok_or_else(|| serde::de::Error::custom("a metric is missing"))
    }
}
