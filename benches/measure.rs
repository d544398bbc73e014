//! A small measuring loop: the shortest of several runs, and the ratio of two. Knows nothing of what it measures.
//!
//! A ratio of two measurements of one run says the same on a fast and on a slow machine; a time says little. Time on the
//! processor counts, where the system tells it: on a busy machine a long run waits, and a short one does not.

use std::{
    fs,
    hint::black_box,
    time::{Duration, Instant},
};

/// The shortest of these runs counts: the others were disturbed.
const RUNS: usize = 3;

/// Work that is shorter is repeated, so that the clock of the processor, which moves in steps, can tell.
const LONG_ENOUGH: Duration = Duration::from_millis(200);

/// How long `work` takes at its best.
pub(crate) fn shortest<T>(mut work: impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    let once = start.elapsed().max(Duration::from_nanos(1));
    let times = u32::try_from(LONG_ENOUGH.as_nanos() / once.as_nanos() + 1).unwrap_or(u32::MAX);
    let runs = (0..RUNS).map(|_| {
        let start = now();
        for _ in 0..times {
            black_box(work());
        }
        now().saturating_sub(start) / times
    });
    runs.min().unwrap_or_default()
}

/// Time that this thread has been on a processor, else time on the wall; from a beginning that does not matter.
fn now() -> Duration {
    thread_local!(static BEGINNING: Instant = Instant::now());
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let on_processor = told.and_then(|told| told.split_whitespace().next()?.parse().ok());
    on_processor.map_or_else(|| BEGINNING.with(Instant::elapsed), Duration::from_nanos)
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
