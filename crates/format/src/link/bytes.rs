//! Numbers and texts as bytes: small things are short.

use super::LinkError;

/// Bytes being written.
#[derive(Debug, Default)]
pub(super) struct Writer {
    pub(super) bytes: Vec<u8>,
}

/// Units of a duration, in ns, by their number in a link.
const UNITS_NS: [u64; 4] = [1, 1_000, 1_000_000, 1_000_000_000];
/// The last exponent stands for "not a short decimal: eight bytes follow".
const RAW: u64 = 7;

impl Writer {
    /// Seven bits a byte, the lowest first (LEB128).
    pub(super) fn integer(&mut self, mut n: u64) {
        while n >= 0x80 {
            self.bytes.push(n as u8 | 0x80);
            n >>= 7;
        }
        self.bytes.push(n as u8);
    }

    /// The sign in the lowest bit.
    pub(super) fn signed(&mut self, n: i64) {
        self.integer((n << 1 ^ n >> 63) as u64);
    }

    /// A short decimal as digits and exponent, any other number as its eight bytes.
    pub(super) fn number(&mut self, n: f64) {
        for (exponent, power) in POWERS.iter().enumerate() {
            let digits = libm::round(n * power);
            // Both operands are exact, so the quotient is what the decimal would be read to.
            if (0.0..9e15).contains(&digits) && digits / power == n {
                return self.integer((digits as u64) << 3 | exponent as u64);
            }
        }
        self.integer(RAW);
        self.bytes.extend(n.to_le_bytes());
    }

    /// In the largest unit that needs no fraction.
    pub(super) fn duration(&mut self, ns: u64) {
        let unit = UNITS_NS
            .iter()
            .rposition(|unit| ns.is_multiple_of(*unit))
            .unwrap_or_default();
        self.integer((ns / UNITS_NS[unit]) << 2 | unit as u64);
    }

    /// Length in bytes, then UTF-8.
    pub(super) fn text(&mut self, text: &str) {
        self.integer(text.len() as u64);
        self.bytes.extend(text.as_bytes());
    }
}

const POWERS: [f64; 7] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];

/// Bytes being read. Untrusted: nothing here panics or allocates more than was sent.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    /// How many more entries of lists may come; a list of records unfolds to much more than it
    /// takes.
    entries_left: usize,
}

/// Most entries of all lists of a link together.
const ENTRIES_MAX: usize = 60_000;
const SHORT: LinkError = LinkError::Invalid("it is truncated");

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            entries_left: ENTRIES_MAX,
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], LinkError> {
        let (taken, rest) = self.rest.split_at_checked(count).ok_or(SHORT)?;
        self.rest = rest;
        Ok(taken)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(super) fn integer(&mut self) -> Result<u64, LinkError> {
        let mut n = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            n |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(n);
            }
        }
        Err(LinkError::Invalid("it contains a number that is too large"))
    }

    pub(super) fn signed(&mut self) -> Result<i64, LinkError> {
        let n = self.integer()?;
        Ok((n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// The number of a name, a kind or another entry of a table.
    pub(super) fn index(&mut self) -> Result<usize, LinkError> {
        Ok(usize::try_from(self.integer()?).unwrap_or(usize::MAX))
    }

    /// The number of entries of a list.
    pub(super) fn count(&mut self) -> Result<usize, LinkError> {
        let count = self.index()?;
        // Every entry takes a byte at least.
        if count > self.rest.len() {
            return Err(SHORT);
        }
        self.entries_left = self
            .entries_left
            .checked_sub(count)
            .ok_or(LinkError::Invalid("it contains more than 60,000 entries"))?;
        Ok(count)
    }

    pub(super) fn number(&mut self) -> Result<f64, LinkError> {
        let n = self.integer()?;
        if n == RAW {
            let bytes = self.take(8)?.try_into().map_err(|_| SHORT)?;
            let n = f64::from_le_bytes(bytes);
            return match n.is_finite() {
                true => Ok(n + 0.0),
                false => Err(LinkError::Invalid(
                    "it contains a number that is not finite",
                )),
            };
        }
        let exponent = (n & 7) as usize;
        let power = POWERS.get(exponent).ok_or(LinkError::Invalid(
            "it contains a number in an unknown encoding",
        ))?;
        Ok((n >> 3) as f64 / power)
    }

    /// In ns.
    pub(super) fn duration(&mut self) -> Result<u64, LinkError> {
        let n = self.integer()?;
        (n >> 2)
            .checked_mul(UNITS_NS[(n & 3) as usize])
            .ok_or(LinkError::Invalid(
                "it contains a duration that is too long",
            ))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, LinkError> {
        let length = self.index()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes)
            .map_err(|_| LinkError::Invalid("it contains text that is not UTF-8"))
    }
}
