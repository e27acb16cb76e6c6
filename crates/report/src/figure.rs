//! Numbers with their unit and the field of the report they were read from.

use serde::{Deserialize, Serialize};

/// A number with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The value in the unit.
    pub value: f64,
    /// The unit.
    pub unit: Unit,
    /// The field of the report that the number was read from, if it was read from one.
    pub field: Option<Box<Field>>,
}

/// The unit of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// A number of things.
    #[serde(rename = "count")]
    Count,
    /// A factor, or a mean number of things.
    #[serde(rename = "ratio")]
    Ratio,
    /// A share of a whole, from 0 to 1.
    #[serde(rename = "share")]
    Share,
    /// A rate per second.
    #[serde(rename = "per_s")]
    PerSecond,
    /// Seconds.
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
    /// US dollars.
    #[serde(rename = "usd")]
    Dollars,
}

/// The field of a number in the JSON report (`--format json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The number at the end of these keys; an index of a list is written as a number.
    At(Vec<String>),
    /// The sum of the map at the end of these keys.
    All(Vec<String>),
    /// Windows of a series. The keys lead to the list; `width_s` is beside it, and the first window
    /// begins at 0 s.
    Windows {
        /// Keys of the list.
        of: Vec<String>,
        /// How the windows are aggregated.
        fold: Fold,
        /// The first window is the one that contains this time.
        from_s: f64,
        /// The last window begins before this time.
        until_s: f64,
    },
    /// The sum of fields.
    Sum(#[serde(deserialize_with = "crate::nested::read")] Vec<Field>),
    /// The maximum of fields.
    Max(#[serde(deserialize_with = "crate::nested::read")] Vec<Field>),
    /// The first field minus the second.
    Difference(#[serde(deserialize_with = "crate::nested::read")] Box<[Field; 2]>),
    /// The first field divided by the second.
    Ratio(#[serde(deserialize_with = "crate::nested::read")] Box<[Field; 2]>),
    /// A field multiplied by a number.
    Scaled(
        #[serde(deserialize_with = "crate::nested::read")] Box<Field>,
        f64,
    ),
    /// 1 minus a field.
    Rest(#[serde(deserialize_with = "crate::nested::read")] Box<Field>),
}

/// How windows are aggregated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// The sum.
    Sum,
    /// The mean of the windows that have a value.
    Mean,
    /// The maximum.
    Max,
    /// The minimum.
    Min,
    /// The value of the first window.
    First,
    /// The value of the last window.
    Last,
}

impl Figure {
    /// Returns a number without a field in the report.
    pub fn new(value: f64, unit: Unit) -> Self {
        Self {
            value,
            unit,
            field: None,
        }
    }

    /// Returns the number with the field of the report it was read from.
    // Not inlined, here and below: hundreds of numbers are made this way, and the page must be
    // small.
    #[must_use]
    #[inline(never)]
    pub fn of(mut self, field: Field) -> Self {
        self.field = Some(Box::new(field));
        self
    }

    /// Returns the number with its field of the report, if there is one.
    #[must_use]
    #[inline(never)]
    pub fn maybe_of(mut self, field: Option<Field>) -> Self {
        self.field = field.map(Box::new);
        self
    }
}

impl Field {
    /// Returns the field at the end of these keys.
    pub fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self::At(keys.into_iter().map(str::to_owned).collect())
    }

    /// Returns the sum of the map at the end of these keys.
    pub fn all<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self::All(keys.into_iter().map(str::to_owned).collect())
    }

    /// Returns windows of a series, from one time until another.
    pub fn windows<'a>(
        keys: impl IntoIterator<Item = &'a str>,
        fold: Fold,
        from_s: f64,
        until_s: f64,
    ) -> Self {
        Self::Windows {
            of: keys.into_iter().map(str::to_owned).collect(),
            fold,
            from_s,
            until_s,
        }
    }

    /// Returns this field minus another.
    #[must_use]
    #[inline(never)]
    pub fn minus(self, other: Self) -> Self {
        Self::Difference(Box::new([self, other]))
    }

    /// Returns this field divided by another.
    #[must_use]
    #[inline(never)]
    pub fn over(self, other: Self) -> Self {
        Self::Ratio(Box::new([self, other]))
    }

    /// Returns this field multiplied by a number.
    #[must_use]
    #[inline(never)]
    pub fn times(self, by: f64) -> Self {
        Self::Scaled(Box::new(self), by)
    }

    /// Returns 1 minus this field.
    #[must_use]
    #[inline(never)]
    pub fn rest(self) -> Self {
        Self::Rest(Box::new(self))
    }
}
