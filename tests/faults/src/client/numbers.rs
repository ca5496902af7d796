//! Numbers that look drawn by chance and are the same in each run: [`Numbers`].

/// A xorshift generator: a row that fails must fail again.
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) const fn from(seed: u64) -> Numbers {
        // Its state must not be zero.
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}
