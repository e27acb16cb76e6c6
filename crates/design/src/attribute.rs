//! Attributes: how a typed field is read from, written to and described as a [`Value`].
//!
//! `record!`, `choice!` and `variants!` declare the types of the document. Each declaration is the
//! only place that knows a field's name, label, unit, range, default, source and help.

use crate::suggest::nearest;
use crate::value::Value;
use std::fmt;

/// One thing wrong with a document: where, what, and what would be valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, as `links[3].retry.max_attempts`; empty for the document as a whole.
    pub path: String,
    /// What is wrong, with the value and what would be valid.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => f.write_str(&self.message),
            path => write!(f, "{path}: {}", self.message),
        }
    }
}

/// At most this many problems are kept of one document; the count of the rest is told in the last.
pub const PROBLEMS_MAX: usize = 100;

/// Walks a [`Value`] and collects every problem on the way instead of stopping at the first.
#[derive(Debug, Default)]
pub struct Reader {
    path: String,
    problems: Vec<Problem>,
    dropped: usize,
}

impl Reader {
    /// Records a problem here.
    pub fn problem(&mut self, message: impl Into<String>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem {
                path: self.path.clone(),
                message: message.into(),
            });
        } else {
            self.dropped += 1;
        }
    }

    /// Records that `value` is not what is `wanted`, and gives nothing.
    pub fn wrong<T>(&mut self, value: &Value, wanted: &str) -> Option<T> {
        self.problem(format!("{value} is not valid here; expected {wanted}"));
        None
    }

    /// Records an unknown name among `valid` ones.
    pub fn unknown(&mut self, what: &str, name: &str, valid: &[&str]) {
        if self.is_full() {
            self.dropped += 1;
            return;
        }
        let hint = match nearest(name, valid.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("valid: {}", valid.join(", ")),
        };
        self.problem(format!("unknown {what}, {hint}"));
    }

    /// Reads below `segment` (`name` or `[3]`) of the present path.
    pub fn within<T>(&mut self, segment: &str, read: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.enter(segment);
        let result = read(self);
        self.leave(length);
        result
    }

    /// Whether a value is an object whose entries all have one of these names, once each. Records
    /// the problems of one that is not.
    pub fn check_names(&mut self, value: &Value, names: &[&str]) -> bool {
        let Value::Map(entries) = value else {
            return self.wrong::<()>(value, "an object").is_some();
        };
        let mut is_right = true;
        for (at, (key, _)) in entries.iter().enumerate() {
            let length = self.enter(key);
            if entries[..at].iter().any(|(earlier, _)| earlier == key) {
                is_right = false;
                self.problem("stands here twice; keep one");
            } else if !names.contains(&key.as_str()) {
                is_right = false;
                self.unknown("field", key, names);
            }
            self.leave(length);
        }
        is_right
    }

    /// Goes below a segment of the path; [`Self::leave`] comes back.
    fn enter(&mut self, segment: &str) -> usize {
        let length = self.path.len();
        if length > 0 && !segment.starts_with('[') {
            self.path.push('.');
        }
        self.path.push_str(segment);
        length
    }

    fn leave(&mut self, length: usize) {
        self.path.truncate(length);
    }

    /// Reads one field of a record and checks its range.
    pub fn field<T: Attribute>(
        &mut self,
        name: &str,
        value: &Value,
        range: Option<(f64, f64)>,
    ) -> Option<T> {
        self.within(name, |reader| {
            let read = T::read(value, reader)?;
            let (Some((low, high)), Some(size)) = (range, read.magnitude()) else {
                return Some(read);
            };
            if (low..=high).contains(&size) {
                return Some(read);
            }
            let (low, high) = (T::show_magnitude(low), T::show_magnitude(high));
            reader.wrong(value, &format!("{low} to {high}"))
        })
    }

    /// Whether no further problem will be kept: hints need not be looked for any more.
    pub fn is_full(&self) -> bool {
        self.problems.len() >= PROBLEMS_MAX
    }

    /// Whether nothing has been found wrong so far.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty()
    }

    /// All that was found.
    #[must_use]
    pub fn finish(mut self) -> Vec<Problem> {
        if self.dropped > 0 {
            self.problems.push(Problem {
                path: String::new(),
                message: format!("and {} more problems", self.dropped),
            });
        }
        self.problems
    }
}

/// How a field may be filled: what the inspector draws and the schema says.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// On or off.
    Bool,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// Free text.
    Text,
    /// A duration with a unit, as `300ms`.
    Duration,
    /// A rate, as `200/s`.
    Rate,
    /// A distribution of durations, as `exp(3ms)`.
    Distribution,
    /// One of a few names.
    Choice(&'static [Named]),
    /// Off (`null`), or a value.
    Optional(&'static Shape),
    /// A sequence.
    List(&'static Shape),
    /// One value or a sequence of them.
    OneOrMany(&'static Shape),
    /// Named fields.
    Record(&'static Record),
    /// A bare name, or one named value, as `{"poisson": "200/s"}`.
    Variants(&'static [Named], &'static [Variant]),
}

/// A name with a sentence about it.
#[derive(Clone, Copy, Debug)]
pub struct Named {
    /// As written in a file.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
}

/// A variant that carries a value.
#[derive(Clone, Copy, Debug)]
pub struct Variant {
    /// As written in a file.
    pub name: &'static str,
    /// What it means.
    pub help: &'static str,
    /// What it carries.
    pub shape: Shape,
    /// What it carries until somebody says otherwise.
    pub default: fn() -> Value,
}

/// A table of fields.
#[derive(Debug)]
pub struct Record {
    /// The record's name in the glossary.
    pub name: &'static str,
    /// A sentence about it.
    pub help: &'static str,
    /// Its fields, in the order the inspector shows them.
    pub fields: &'static [Field],
}

/// One field of a record.
#[derive(Debug)]
pub struct Field {
    /// As written in a file.
    pub name: &'static str,
    /// As shown to a person.
    pub label: &'static str,
    /// Unit, where the value itself does not carry one.
    pub unit: &'static str,
    /// Smallest and largest valid value (durations in seconds, rates per second).
    pub range: Option<(f64, f64)>,
    /// What it does to the system.
    pub help: &'static str,
    /// Where the default comes from.
    pub source: &'static str,
    /// How it may be filled.
    pub shape: Shape,
    /// Its value until somebody says otherwise.
    pub default: fn() -> Value,
}

/// A type that may stand in a document.
pub trait Attribute: Sized {
    /// How it may be filled.
    const SHAPE: Shape;
    /// Reads it, recording every problem. `None` only after a problem was recorded.
    fn read(value: &Value, reader: &mut Reader) -> Option<Self>;
    /// Writes it whole, defaults included.
    fn write(&self) -> Value;
    /// Its size for the range check, where it has one.
    fn magnitude(&self) -> Option<f64> {
        None
    }
    /// A bound of the range, in the notation of the field.
    fn show_magnitude(bound: f64) -> String {
        format!("{bound}")
    }
}

impl Attribute for bool {
    const SHAPE: Shape = Shape::Bool;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Bool(b) => Some(*b),
            other => reader.wrong(other, "true or false"),
        }
    }
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
}

impl Attribute for f64 {
    const SHAPE: Shape = Shape::Number;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Number(n) if n.is_finite() => Some(*n),
            other => reader.wrong(other, "a number"),
        }
    }
    fn write(&self) -> Value {
        Value::Number(*self)
    }
    fn magnitude(&self) -> Option<f64> {
        Some(*self)
    }
}

/// Largest whole number that JSON carries exactly everywhere (2^53 - 1).
pub const INTEGER_MAX: f64 = 9_007_199_254_740_991.0;

macro_rules! integer {
    ($($int:ty),*) => {$(
        impl Attribute for $int {
            const SHAPE: Shape = Shape::Integer;
            fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
                let largest = (<$int>::MAX as f64).min(INTEGER_MAX);
                match value {
                    Value::Number(n) if n.trunc() == *n && (<$int>::MIN as f64..=largest).contains(n) => Some(*n as $int),
                    other => reader.wrong(other, &format!("a whole number from {} to {largest}", <$int>::MIN)),
                }
            }
            fn write(&self) -> Value {
                Value::Number(*self as f64)
            }
            fn magnitude(&self) -> Option<f64> {
                Some(*self as f64)
            }
        }
    )*};
}
integer!(u32, u64, i32);

impl Attribute for String {
    const SHAPE: Shape = Shape::Text;
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Text(text) if text.chars().count() <= TEXT_MAX => Some(text.clone()),
            Value::Text(_) => reader.wrong(value, &format!("at most {TEXT_MAX} characters")),
            other => reader.wrong(other, "text"),
        }
    }
    fn write(&self) -> Value {
        Value::text(self)
    }
}

/// Longest text of one field, in characters.
pub const TEXT_MAX: usize = 2_000;
/// Longest list of one field.
pub const LIST_MAX: usize = 10_000;

impl<T: Attribute> Attribute for Option<T> {
    const SHAPE: Shape = Shape::Optional(&T::SHAPE);
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::read(other, reader).map(Some),
        }
    }
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn magnitude(&self) -> Option<f64> {
        self.as_ref().and_then(T::magnitude)
    }
    fn show_magnitude(bound: f64) -> String {
        T::show_magnitude(bound)
    }
}

impl<T: Attribute> Attribute for Vec<T> {
    const SHAPE: Shape = Shape::List(&T::SHAPE);
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let Value::List(items) = value else {
            return reader.wrong(value, "a list");
        };
        if items.len() > LIST_MAX {
            return reader.wrong(value, &format!("at most {LIST_MAX} entries"));
        }
        let read: Vec<Option<T>> = items
            .iter()
            .enumerate()
            .map(|(at, item)| reader.within(&format!("[{at}]"), |reader| T::read(item, reader)))
            .collect();
        read.into_iter().collect()
    }
    fn write(&self) -> Value {
        Value::List(self.iter().map(T::write).collect())
    }
}

/// Declares a record: the struct, its defaults and its table of fields, in one place.
#[macro_export]
macro_rules! record {
    (
        $(#[doc = $about:literal])+
        pub struct $Type:ident {
            $(
                $(#[doc = $help:literal])+
                pub $field:ident $(as $name:literal)? : $T:ty = $default:expr => {
                    label: $label:literal
                    $(, unit: $unit:literal)?
                    $(, range: $low:literal ..= $high:literal)?
                    $(, source: $source:literal)?
                    $(,)?
                }
            ),* $(,)?
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $Type {
            $( $(#[doc = $help])+ pub $field: $T, )*
        }

        impl Default for $Type {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $Type {
            /// The table of fields.
            pub const RECORD: &'static $crate::attribute::Record = &$crate::attribute::Record {
                name: stringify!($Type),
                help: concat!($($about),+),
                fields: &[$(
                    $crate::attribute::Field {
                        name: $crate::record!(@name $field $($name)?),
                        label: $label,
                        unit: $crate::record!(@text $($unit)?),
                        range: $crate::record!(@range $($low, $high)?),
                        help: concat!($($help),+),
                        source: $crate::record!(@text $($source)?),
                        shape: <$T as $crate::attribute::Attribute>::SHAPE,
                        default: || <$T as $crate::attribute::Attribute>::write(&{ let value: $T = $default; value }),
                    }
                ),*],
            };
        }

        impl $crate::attribute::Attribute for $Type {
            const SHAPE: $crate::attribute::Shape = $crate::attribute::Shape::Record($Type::RECORD);

            fn read(value: &$crate::value::Value, reader: &mut $crate::attribute::Reader) -> Option<Self> {
                let names: &[&str] = &[$($crate::record!(@name $field $($name)?)),*];
                // What is the same for every record stands in one function, not in each: the page
                // carries this code.
                let mut complete = reader.check_names(value, names);
                let mut read = Self::default();
                for (key, value) in value.entries() {
                    match key.as_str() {
                        $($crate::record!(@name $field $($name)?) => {
                            match reader.field::<$T>(key, value, $crate::record!(@range $($low, $high)?)) {
                                Some(field) => read.$field = field,
                                None => complete = false,
                            }
                        })*
                        _ => {}
                    }
                }
                complete.then_some(read)
            }

            fn write(&self) -> $crate::value::Value {
                $crate::value::Value::Map(vec![
                    $(($crate::record!(@name $field $($name)?).to_owned(), $crate::attribute::Attribute::write(&self.$field))),*
                ])
            }
        }
    };
    (@name $field:ident) => { stringify!($field) };
    (@name $field:ident $name:literal) => { $name };
    (@text) => { "" };
    (@text $text:literal) => { $text };
    (@range) => { None };
    (@range $low:literal, $high:literal) => { Some(($low as f64, $high as f64)) };
}

/// Declares an enum of bare names.
#[macro_export]
macro_rules! choice {
    (
        $(#[doc = $about:literal])+
        pub enum $Type:ident { $( $(#[doc = $help:literal])+ $Variant:ident = $name:literal ),* $(,)? }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $Type { $( $(#[doc = $help])+ $Variant ),* }

        impl $Type {
            /// Every value, in the order shown.
            pub const ALL: &'static [Self] = &[$(Self::$Variant),*];

            /// As written in a file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$Variant => $name),* }
            }
        }

        impl $crate::attribute::Attribute for $Type {
            const SHAPE: $crate::attribute::Shape = $crate::attribute::Shape::Choice(&[
                $($crate::attribute::Named { name: $name, help: concat!($($help),+) }),*
            ]);
            fn read(value: &$crate::value::Value, reader: &mut $crate::attribute::Reader) -> Option<Self> {
                match value {
                    $($crate::value::Value::Text(text) if text == $name => Some(Self::$Variant),)*
                    $crate::value::Value::Text(text) => {
                        reader.unknown(&format!("name \"{}\"", text.chars().take(60).collect::<String>()), text, &[$($name),*]);
                        None
                    }
                    other => reader.wrong(other, &format!("one of {}", [$($name),*].join(", "))),
                }
            }
            fn write(&self) -> $crate::value::Value {
                $crate::value::Value::text(self.name())
            }
        }
    };
}

/// Declares an enum of bare names and of names that carry one value, as `{"poisson": "200/s"}`.
#[macro_export]
macro_rules! variants {
    (
        $(#[doc = $about:literal])+
        pub enum $Type:ident {
            bare { $( $(#[doc = $bare_help:literal])+ $Bare:ident = $bare_name:literal ),* $(,)? }
            with { $( $(#[doc = $help:literal])+ $Variant:ident($T:ty) = $name:literal, or $default:expr );* $(;)? }
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq)]
        pub enum $Type {
            $( $(#[doc = $bare_help])+ $Bare, )*
            $( $(#[doc = $help])+ $Variant($T), )*
        }

        impl $crate::attribute::Attribute for $Type {
            const SHAPE: $crate::attribute::Shape = $crate::attribute::Shape::Variants(
                &[$($crate::attribute::Named { name: $bare_name, help: concat!($($bare_help),+) }),*],
                &[$($crate::attribute::Variant {
                    name: $name,
                    help: concat!($($help),+),
                    shape: <$T as $crate::attribute::Attribute>::SHAPE,
                    default: || <$T as $crate::attribute::Attribute>::write(&{ let value: $T = $default; value }),
                }),*],
            );
            fn read(value: &$crate::value::Value, reader: &mut $crate::attribute::Reader) -> Option<Self> {
                let names: &[&str] = &[$($bare_name,)* $($name),*];
                match value {
                    $($crate::value::Value::Text(text) if text == $bare_name => Some(Self::$Bare),)*
                    $crate::value::Value::Text(text) => {
                        reader.unknown(&format!("name \"{}\"", text.chars().take(60).collect::<String>()), text, names);
                        None
                    }
                    $crate::value::Value::Map(entries) if entries.len() == 1 => {
                        let (key, value) = &entries[0];
                        match key.as_str() {
                            $($name => reader.field::<$T>(key, value, None).map(Self::$Variant),)*
                            _ => {
                                reader.within(key, |reader| reader.unknown("name", key, names));
                                None
                            }
                        }
                    }
                    other => reader.wrong(other, &format!("one of {}", names.join(", "))),
                }
            }
            fn write(&self) -> $crate::value::Value {
                match self {
                    $(Self::$Bare => $crate::value::Value::text($bare_name),)*
                    $(Self::$Variant(value) => $crate::value::Value::Map(vec![
                        ($name.to_owned(), $crate::attribute::Attribute::write(value)),
                    ]),)*
                }
            }
        }
    };
}
