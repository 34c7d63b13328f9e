//! Chance from a seed: xoshiro256++, filled by SplitMix64. Written here so that a seed means the same
//! run on every machine and with every version of every library.

/// A stream of numbers that its seed decides.
#[derive(Debug, Clone)]
pub(super) struct Rng {
    state: [u64; 4],
}

impl Rng {
    /// The stream number `stream` of a seed; streams of one seed know nothing of each other.
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95);
        let state = std::array::from_fn(|_| {
            mixed = mixed.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(mixed)
        });
        Self { state }
    }

    pub(super) fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let (c_mixed, d_mixed) = (c ^ a, d ^ b);
        self.state = [a ^ d_mixed, b ^ c_mixed, c_mixed ^ (b << 17), d_mixed.rotate_left(45)];
        a.wrapping_add(d).rotate_left(23).wrapping_add(a)
    }

    /// From 0 up to, but not, `limit`; 0 when there is no such number.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        // The high half of the product; the bias is far below what a run could show.
        ((u128::from(self.next()) * u128::from(limit)) >> 64) as u64
    }

    /// From `from` to `to`, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let span = to.saturating_sub(from).saturating_add(1).max(1).unsigned_abs();
        from.saturating_add_unsigned(self.below(span))
    }

    /// True in so many of a hundred cases.
    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// From 0 up to, but not, 1.
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

/// The finalizer of SplitMix64: every bit of the result hangs on every bit of `value`.
pub(super) fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generator_is_xoshiro256_plus_plus() {
        // The first numbers of the published generator from the state 1, 2, 3, 4.
        let mut rng = Rng { state: [1, 2, 3, 4] };
        let first: Vec<_> = (0..4).map(|_| rng.next()).collect();
        assert_eq!(first, [41_943_041, 58_720_359, 3_588_806_011_781_223, 3_591_011_842_654_386]);
    }

    #[test]
    fn streams_of_one_seed_differ_and_repeat() {
        assert_ne!(Rng::new(7, 0).next(), Rng::new(7, 1).next());
        assert_eq!(Rng::new(7, 1).next(), Rng::new(7, 1).next());
    }

    #[test]
    fn bounds_are_kept() {
        let mut rng = Rng::new(1, 0);
        assert!((0..1_000).all(|_| (3..=5).contains(&rng.between(3, 5))));
        assert!((0..1_000).all(|_| rng.unit() < 1.0));
        assert_eq!(rng.below(0), 0);
    }
}
