//! Work on many files, shared by the cores of the machine.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// More threads than this do not read a folder faster.
const MOST_THREADS: usize = 4;
/// How many small items a thread takes at a time; fewer than two such portions are not worth a thread.
const PORTION: usize = 16;

/// Does `work` for each of `items`, on as many threads as there are cores and at most four; the results stand in the
/// order of the items.
pub(super) fn each<'t, T: Sync, R: Send>(items: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    shared(items, PORTION, work)
}

/// The same for work that is worth a thread for a single item: to read or to render a whole article.
pub(crate) fn each_alone<'t, T: Sync, R: Send>(items: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    shared(items, 1, work)
}

fn shared<'t, T: Sync, R: Send>(items: &'t [T], portion: usize, work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(MOST_THREADS).min(items.len() / portion);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let portions = || {
        let mut done = Vec::new();
        loop {
            let from = next.fetch_add(portion, Ordering::Relaxed);
            let Some(rest) = items.get(from..).filter(|rest| !rest.is_empty()) else { return done };
            done.push((from, rest.iter().take(portion).map(&work).collect::<Vec<R>>()));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(portions)).collect();
        let mut done = portions();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(from, _)| *from);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        for count in [0, 1, 15, 16, 33, 1_000] {
            let items: Vec<usize> = (0..count).collect();
            let double = |n: &usize| {
                // The first are the slowest.
                if *n < 16 {
                    thread::sleep(std::time::Duration::from_micros(200));
                }
                n * 2
            };
            let doubled: Vec<usize> = items.iter().map(|n| n * 2).collect();
            assert_eq!(each(&items, double), doubled);
            assert_eq!(each_alone(&items, double), doubled);
        }
    }
}
