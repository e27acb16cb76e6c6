//! Numbers that know their unit, and which place of the report they were taken from.

use serde::{Deserialize, Serialize};

/// A number with its unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// In the unit.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
    /// The place of the report that it can be read from, where it is one.
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
    /// A rate.
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

/// Where a number is found in the JSON report (`--format json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The number at the end of these keys; a place in a list is written as a number.
    At(Vec<String>),
    /// All numbers of the map at the end of these keys, together.
    All(Vec<String>),
    /// Windows of a series. The keys lead to the list; `width_s` is beside it, and the first window
    /// begins at 0 s.
    Windows {
        /// Keys to the list.
        of: Vec<String>,
        /// What is made of the windows.
        fold: Fold,
        /// The first window is the one that contains this moment.
        from_s: f64,
        /// The last window begins before this moment.
        until_s: f64,
    },
    /// The sum of fields.
    Sum(#[serde(deserialize_with = "crate::nested::read")] Vec<Field>),
    /// The highest of fields.
    Max(#[serde(deserialize_with = "crate::nested::read")] Vec<Field>),
    /// The first without the second.
    Difference(#[serde(deserialize_with = "crate::nested::read")] Box<[Field; 2]>),
    /// The first by the second.
    Ratio(#[serde(deserialize_with = "crate::nested::read")] Box<[Field; 2]>),
    /// A field, times a number.
    Scaled(
        #[serde(deserialize_with = "crate::nested::read")] Box<Field>,
        f64,
    ),
    /// What is left of 1.
    Rest(#[serde(deserialize_with = "crate::nested::read")] Box<Field>),
}

/// What is made of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fold {
    /// All together.
    Sum,
    /// The mean of those that have a value.
    Mean,
    /// The highest.
    Max,
    /// The lowest.
    Min,
    /// That of the first window.
    First,
    /// That of the last window.
    Last,
}

impl Figure {
    /// A number without a field in the report.
    pub fn new(value: f64, unit: Unit) -> Self {
        Self {
            value,
            unit,
            field: None,
        }
    }

    /// A number read from this field of the report.
    // Not inlined, here and below: hundreds of figures are made so, and the page is to be small.
    #[must_use]
    #[inline(never)]
    pub fn of(mut self, field: Field) -> Self {
        self.field = Some(Box::new(field));
        self
    }

    /// Adds the place of the report, where there is one.
    #[must_use]
    #[inline(never)]
    pub fn maybe_of(mut self, field: Option<Field>) -> Self {
        self.field = field.map(Box::new);
        self
    }
}

impl Field {
    /// The number at the end of these keys.
    pub fn at<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self::At(keys.into_iter().map(str::to_owned).collect())
    }

    /// All numbers of the map at the end of these keys, together.
    pub fn all<'a>(keys: impl IntoIterator<Item = &'a str>) -> Self {
        Self::All(keys.into_iter().map(str::to_owned).collect())
    }

    /// Windows of a series, from a moment until another.
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

    /// This without another.
    #[must_use]
    #[inline(never)]
    pub fn minus(self, other: Self) -> Self {
        Self::Difference(Box::new([self, other]))
    }

    /// This by another.
    #[must_use]
    #[inline(never)]
    pub fn over(self, other: Self) -> Self {
        Self::Ratio(Box::new([self, other]))
    }

    /// This, times a number.
    #[must_use]
    #[inline(never)]
    pub fn times(self, by: f64) -> Self {
        Self::Scaled(Box::new(self), by)
    }

    /// What is left of 1.
    #[must_use]
    #[inline(never)]
    pub fn rest(self) -> Self {
        Self::Rest(Box::new(self))
    }
}
