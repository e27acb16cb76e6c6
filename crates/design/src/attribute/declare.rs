//! What declares the types of the document, each with its table, in one place.

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
                    $(, ratio: $ratio:literal)?
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
                        shape: <$T as $crate::attribute::Attribute>::SHAPE
                            .within($crate::record!(@limits $($low, $high)? $(, $ratio)?)),
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
                            let limits = $crate::record!(@limits $($low, $high)? $(, $ratio)?);
                            match reader.field::<$T>(key, value, limits) {
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
    (@limits) => { None };
    (@limits $low:literal, $high:literal) => { $crate::record!(@limits $low, $high, false) };
    (@limits $low:literal, $high:literal, $ratio:literal) => {
        Some($crate::attribute::Limits::new($low as f64, $high as f64, $ratio))
    };
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
            with { $( $(#[doc = $help:literal])+ $Variant:ident($T:ty) = $name:literal, or $default:expr $(, range: $low:literal ..= $high:literal)? );* $(;)? }
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
                    shape: <$T as $crate::attribute::Attribute>::SHAPE
                        .within($crate::record!(@limits $($low, $high)?)),
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
                            $($name => reader.field::<$T>(key, value, $crate::record!(@limits $($low, $high)?)).map(Self::$Variant),)*
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
