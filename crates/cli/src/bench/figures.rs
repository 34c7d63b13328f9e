//! Figures of a run: quantiles, medians, and how they are written.

use serde::{Deserialize, Serialize};

/// How long something took: half of the times, nearly all of them, and the longest, in milliseconds.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Times {
    /// How often it was measured.
    pub count: usize,
    /// The median.
    pub p50_ms: f64,
    /// 95 of 100 took no longer.
    pub p95_ms: f64,
    /// 99 of 100 took no longer.
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
}

impl Times {
    /// From single times in microseconds.
    pub fn of(mut micros: Vec<u32>) -> Self {
        micros.sort_unstable();
        let at = |percent: usize| {
            let rank = (micros.len() * percent).div_ceil(100).saturating_sub(1);
            micros.get(rank).map_or(0.0, |micros| f64::from(*micros) / 1_000.0)
        };
        Self {
            count: micros.len(),
            p50_ms: at(50),
            p95_ms: at(95),
            p99_ms: at(99),
            max_ms: at(100),
        }
    }

    /// The median of several runs, figure by figure.
    pub fn median(runs: &[Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(runs.iter().map(figure));
        Self {
            count: runs.iter().map(|run| run.count).sum(),
            p50_ms: of(|run| run.p50_ms),
            p95_ms: of(|run| run.p95_ms),
            p99_ms: of(|run| run.p99_ms),
            max_ms: runs.iter().map(|run| run.max_ms).fold(0.0, f64::max),
        }
    }
}

/// The middle one; of an even number, the middle of the two in the middle.
pub fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<_> = figures.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len() / 2, sorted.len() % 2) {
        (_, _) if sorted.is_empty() => 0.0,
        (middle, 1) => sorted[middle],
        (middle, _) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// A time for people.
pub fn ms(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// A rate for people.
pub fn per_second(rate: f64) -> String {
    format!("{rate:.0}/s")
}

/// A size for people.
pub fn mib(bytes: u64) -> String {
    format!("{:.0} MiB", real(bytes) / f64::from(1 << 20))
}

/// A count to reckon with.
pub fn real(count: u64) -> f64 {
    u32::try_from(count).map_or_else(
        |_| f64::from(u32::try_from(count >> 20).unwrap_or(u32::MAX)) * f64::from(1 << 20),
        f64::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_times_that_were_measured() {
        let times = Times::of((1..=1_000).rev().map(|ms| ms * 1_000).collect());
        assert_eq!((times.p50_ms, times.p95_ms, times.p99_ms), (500.0, 950.0, 990.0));
        assert_eq!((times.count, times.max_ms), (1_000, 1_000.0));
        assert_eq!(Times::of(Vec::new()).p99_ms, 0.0);
        assert_eq!(Times::of(vec![7_000]).p50_ms, 7.0);
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median([]), 0.0);
    }
}
