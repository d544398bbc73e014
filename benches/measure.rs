//! A small measuring loop: the shortest of several runs, and the ratio of two. Knows nothing of what it measures.
//!
//! A ratio of two measurements of one run says the same on a fast and on a slow machine; a time says little.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

/// The shortest of these runs counts: the others were disturbed.
const RUNS: usize = 5;

/// How long `work` takes at its best. What it returns is dropped outside the measurement.
pub(crate) fn shortest<T>(mut work: impl FnMut() -> T) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..RUNS {
        let start = Instant::now();
        let result = black_box(work());
        best = best.min(start.elapsed());
        drop(result);
    }
    best
}

/// Prints one line: how many times as long as the floor the work takes.
#[expect(clippy::print_stdout, reason = "a benchmark is read on standard output")]
pub(crate) fn report(name: &str, work: Duration, floor: Duration) {
    let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
    let ratio = work.as_secs_f64() / floor.as_secs_f64().max(1e-9);
    let memory = peak_memory().unwrap_or_else(|| "unknown".to_owned());
    println!(
        "{name}: ratio {ratio:.1} ({:.2} ms / {:.2} ms), memory {memory}",
        milliseconds(work),
        milliseconds(floor)
    );
}

/// The most memory that the process has had so far, where the system tells.
fn peak_memory() -> Option<String> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(format!("{} MiB", kibibytes / 1024))
}
