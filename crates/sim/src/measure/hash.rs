//! The hash of a run: two runs with the same hash counted the same.

/// FNV-1a over 64-bit words, with a final mix; not cryptographic, but the same bits everywhere.
#[derive(Clone, Copy, Debug)]
pub struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Takes a word in.
    pub fn word(&mut self, word: u64) {
        for half in [word & 0xffff_ffff, word >> 32] {
            self.0 = (self.0 ^ half).wrapping_mul(0x0000_0100_0000_01b3);
            self.0 ^= self.0 >> 29;
        }
    }

    /// Takes words in.
    pub fn words(&mut self, words: impl IntoIterator<Item = u64>) {
        words.into_iter().for_each(|word| self.word(word));
    }

    /// Takes a text in.
    pub fn text(&mut self, text: &str) {
        self.word(text.len() as u64);
        self.words(text.bytes().map(u64::from));
    }

    /// 16 hex digits.
    pub fn finish(self) -> String {
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        format!("{:016x}", z ^ (z >> 31))
    }
}
