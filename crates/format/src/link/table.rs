//! What the frozen tables are made of.

/// How a value stands in a link.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wire {
    /// As field of a record it takes no byte: that it is there says it is not the default.
    Bool,
    /// A whole number from 0.
    Integer,
    /// A whole number of either sign.
    Signed,
    /// Any finite number.
    Number,
    /// Free text.
    Text,
    /// A duration.
    Duration,
    /// A rate, as a number per second.
    Rate,
    /// A distribution of durations.
    Distribution,
    /// A number or a duration.
    Bound,
    /// One of these names, by its place. Append only.
    Choice(&'static [&'static str]),
    /// Off, or a value.
    Optional(&'static Wire),
    /// A sequence.
    List(&'static Wire),
    /// A sequence that is written bare where it has one entry.
    OneOrMany(&'static Wire),
    /// Named fields.
    Record(&'static Record),
    /// One of these names, by its place, some with a value. Append only.
    Variants(&'static [(&'static str, Option<Wire>)]),
    /// The id of a node or of a link.
    Target,
    /// The nodes of a design: column by column what all have, then each one's record.
    Nodes(&'static [&'static Record]),
    /// The links of a design: column by column what all have, then each one's record.
    Links(&'static Record),
}

/// A table of fields. A field's number is its place, so entries are appended and never moved,
/// changed or removed.
#[derive(Debug)]
pub(super) struct Record {
    /// Its name in the glossary; for a node, its kind.
    pub(super) name: &'static str,
    /// At most 64.
    pub(super) fields: &'static [Field],
}

/// One field: its name in the document, its form, and the value that is left out of links: the
/// default of the document on the day the field was appended. Names, durations and the like stand
/// bare, lists and objects as JSON.
#[derive(Debug)]
pub(super) struct Field(
    pub(super) &'static str,
    pub(super) Wire,
    pub(super) &'static str,
);
