//! The share link: a whole design in the fragment of a URL, which never reaches a server.
//!
//! `d1.` + base64url(flags + raw deflate(document + checksum)). The document is binary: records of
//! a frozen table (`v1.rs`) in which fields have numbers and defaults that never change, so that
//! what is at its default costs nothing and a link made today opens indefinitely. Deflate is
//! left out where it does not help.
//!
//! A link is untrusted input: its size, the size it inflates to and the number of its entries are
//! bounded before anything is built, a checksum tells damage from novelty, and what it holds goes
//! through the same validation as a file.

mod bytes;
mod decode;
mod encode;
#[cfg(test)]
mod frozen;
mod migrate;
mod parts;
mod table;
#[cfg(test)]
mod tests;
mod v1;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use design::{Design, Problem, Value};
use miniz_oxide::{deflate, inflate};

/// The version this code writes, and the newest it reads.
pub const VERSION: u32 = 1;
/// Longest link that is read, in characters.
pub const LENGTH_MAX: usize = 65_536;
/// Chat tools cut messages at 2,000 characters: the length from which sharing warns.
pub const LENGTH_WARN: usize = 1_900;
/// Most bytes that a link may inflate to.
const INFLATED_MAX: usize = 262_144;
/// Bit of the flag byte: the rest is deflated. The other bits are reserved.
const DEFLATED: u8 = 1;

/// What a link carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shared {
    /// The design, with its seed and its faults, scheduled and injected.
    pub design: Design,
    /// Where on the canvas its sender looked; `None` fits the design to the window.
    pub view: Option<View>,
}

/// A look at the canvas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct View {
    /// The canvas's horizontal position at the left edge of the window, in pixels at 100 %.
    pub x: i32,
    /// The canvas's vertical position at the upper edge of the window, in pixels at 100 %.
    pub y: i32,
    /// Scale: 100 is life size.
    pub zoom_percent: u32,
}

/// Why a link did not open. Its text is for the person who followed the link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// There is no design in the text.
    #[error("There is no design in this link.")]
    Absent,
    /// There was one, but it is damaged.
    #[error("This link is damaged: {0}. It may have been truncated. Ask the sender for it again.")]
    Invalid(&'static str),
    /// A later version of Faultline made it.
    #[error(
        "This link was made by a newer Faultline (link format {0}) than this one. Reload the page, or update, to open it."
    )]
    Newer(u32),
    /// It is intact, but the design in it is not valid.
    #[error("The design in this link cannot be opened: {}", first_of(.0))]
    Problems(Vec<Problem>),
}

fn first_of(problems: &[Problem]) -> String {
    match problems {
        [] => "it is not valid".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more problems)", rest.len()),
    }
}

/// The fragment of a link, without its `#`. A design with problems makes a link that does not open.
///
/// ```
/// use format::link::{Shared, decode, encode};
/// let shared = Shared::default();
/// let url = format!("https://example.org/#{}", encode(&shared));
/// assert_eq!(decode(&url), Ok(shared));
/// ```
pub fn encode(shared: &Shared) -> String {
    let mut document = encode::encode(&v1::DESIGN, &to_value(shared));
    document.extend(checksum(&document).to_le_bytes());
    // Level 10 is the slowest and smallest; a design of a hundred nodes takes under a millisecond.
    let deflated = deflate::compress_to_vec(&document, 10);
    let (flags, body) = if deflated.len() < document.len() {
        (DEFLATED, deflated)
    } else {
        (0, document)
    };
    let mut bytes = vec![flags];
    bytes.extend(body);
    format!("d{VERSION}.{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// Opens a link: a fragment with or without its `#`, or a whole URL that has one.
pub fn decode(text: &str) -> Result<Shared, LinkError> {
    let (version, code) = split(text).ok_or(LinkError::Absent)?;
    if version > VERSION {
        return Err(LinkError::Newer(version));
    }
    if version == 0 {
        return Err(LinkError::Invalid("link format 0 does not exist"));
    }
    if code.len() > LENGTH_MAX {
        return Err(LinkError::Invalid("it is longer than 65,536 characters"));
    }
    let bytes = URL_SAFE_NO_PAD
        .decode(code)
        .map_err(|_| LinkError::Invalid("it is truncated"))?;
    let document = open(&bytes)?;
    let value = decode::decode(&v1::DESIGN, &document)?;
    from_value(value)
}

/// The version and the encoded part, if the text has the form of a link. What follows the code (a
/// full stop, a bracket, further parameters) is not part of it.
fn split(text: &str) -> Option<(u32, &str)> {
    let text = text.trim();
    let fragment = text.split_once('#').map_or(text, |(_, fragment)| fragment);
    let (version, code) = fragment.strip_prefix('d')?.split_once('.')?;
    let digits = (1..=9).contains(&version.len()) && version.bytes().all(|b| b.is_ascii_digit());
    let version = version.parse().ok().filter(|_| digits)?;
    let end = code
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_')
        .unwrap_or(code.len());
    Some((version, &code[..end]))
}

/// Inflates where needed and checks the checksum.
fn open(bytes: &[u8]) -> Result<Vec<u8>, LinkError> {
    let damaged = LinkError::Invalid("its checksum does not match");
    let mut document = match bytes.split_first() {
        None => return Err(LinkError::Invalid("it is empty")),
        Some((&0, document)) => document.to_vec(),
        Some((&DEFLATED, body)) => inflate::decompress_to_vec_with_limit(body, INFLATED_MAX)
            .map_err(|error| match error.status {
                inflate::TINFLStatus::HasMoreOutput => {
                    LinkError::Invalid("it decompresses to more than 256 KB")
                }
                _ => LinkError::Invalid("it cannot be decompressed"),
            })?,
        Some(_) => return Err(LinkError::Invalid("its compression is unknown")),
    };
    let check = document.split_off(document.len().saturating_sub(2));
    if check != checksum(&document).to_le_bytes() {
        return Err(damaged);
    }
    Ok(document)
}

/// CRC-16/XMODEM: detects every error burst of up to 16 bits.
fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| {
            (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
        })
    })
}

/// The design whole, and the view beside its fields.
fn to_value(shared: &Shared) -> Value {
    let mut value = shared.design.write(false);
    migrate::to_tables(&mut value);
    if let (Value::Map(entries), Some(view)) = (&mut value, shared.view) {
        let number = |name: &str, n: f64| (name.to_owned(), Value::Number(n));
        let view = Value::Map(vec![
            number("x", f64::from(view.x)),
            number("y", f64::from(view.y)),
            number("zoom_percent", f64::from(view.zoom_percent)),
        ]);
        entries.push(("view".to_owned(), view));
    }
    value
}

fn from_value(mut value: Value) -> Result<Shared, LinkError> {
    let mut view = None;
    if let Value::Map(entries) = &mut value {
        view = entries
            .iter()
            .position(|(name, _)| name == "view")
            .map(|at| entries.remove(at).1);
        // The document version that the tables of link format 1 describe.
        entries.insert(0, ("faultline".to_owned(), Value::Number(1.0)));
    }
    migrate::from_tables(&mut value);
    let design = Design::read(&value).map_err(LinkError::Problems)?;
    Ok(Shared {
        design,
        view: view.as_ref().and_then(to_view),
    })
}

fn to_view(value: &Value) -> Option<View> {
    let number = |name: &str| match value.get(name) {
        Some(Value::Number(n)) => Some(*n),
        _ => None,
    };
    Some(View {
        x: number("x")? as i32,
        y: number("y")? as i32,
        zoom_percent: number("zoom_percent")? as u32,
    })
}
