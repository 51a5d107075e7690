//! Word of what takes longer than some seconds.

use super::{sys, worker};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// When the first word comes, and how often others follow.
const EVERY: Duration = Duration::from_secs(5);

/// Tells the client how far something has come.
pub struct Progress {
    what: &'static str,
    begin: Instant,
    said: Cell<Instant>,
}

impl Progress {
    /// `what` is being done, from now on.
    pub fn of(what: &'static str) -> Progress {
        let now = Instant::now();
        Progress { what, begin: now, said: Cell::new(now) }
    }

    /// Says how far it is where it is time to: `done` of `all`. Our workers
    /// have no client.
    pub fn tell(&self, done: usize, all: usize, of: &str) {
        if self.said.get().elapsed() < EVERY || worker::is_worker() {
            return;
        }
        self.said.set(Instant::now());
        let seconds = self.begin.elapsed().as_secs();
        sys::error::notice(match all {
            0 => format!("{}: {seconds} s so far", self.what),
            _ => format!("{}: {seconds} s so far, {done} of {all} {of}", self.what),
        });
    }
}
