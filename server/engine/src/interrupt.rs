//! How what the model thread runs is told to stop: at once, or, where the next question goes on with the same reading, once that is read.
//!
//! Two flags and the phase that decides between them. Must not know requests: the queue says who makes way for whom.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Told by any thread, heard by the model thread.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    /// Read by llama.cpp within an evaluation.
    now: Arc<AtomicBool>,
    once_read: AtomicBool,
    /// Whether a prompt is being read.
    reading: AtomicBool,
}

impl Interrupt {
    /// The flag that ends an evaluation wherever it is, for llama.cpp.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.now)
    }

    /// Something new runs: nothing said before concerns it.
    pub(crate) fn clear(&self) {
        self.once_read.store(false, Ordering::SeqCst);
        self.now.store(false, Ordering::SeqCst);
    }

    /// Stops what runs.
    pub(crate) fn stop(&self) {
        self.now.store(true, Ordering::SeqCst);
    }

    /// Stops what runs, but not in the middle of a prompt: a prompt half read is read again from the last batch that was finished, and on
    /// a slow machine keys come quicker than batches end. `false`: it was not reading, and stops at once.
    pub(crate) fn stop_once_read(&self) -> bool {
        self.once_read.store(true, Ordering::SeqCst);
        // In this order one of the two threads sees the other's store.
        let reading = self.reading.load(Ordering::SeqCst);
        if !reading {
            self.stop();
        }
        reading
    }

    /// Whether what runs is to stop here and now.
    pub(crate) fn is_set(&self) -> bool {
        self.now.load(Ordering::SeqCst)
    }

    /// Has `read` read a prompt; what was to stop after it stops behind it.
    pub(crate) fn reading<T>(&self, read: impl FnOnce() -> T) -> T {
        self.reading.store(true, Ordering::SeqCst);
        let result = read();
        self.reading.store(false, Ordering::SeqCst);
        if self.once_read.load(Ordering::SeqCst) {
            self.stop();
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_read_to_its_end_and_nothing_is_decoded_after_it() {
        let interrupt = Interrupt::default();
        interrupt.reading(|| {
            assert!(interrupt.stop_once_read());
            assert!(!interrupt.is_set(), "the reading goes on");
        });
        assert!(interrupt.is_set());
        interrupt.clear();
        assert!(!interrupt.is_set());
    }

    #[test]
    fn what_decodes_stops_at_once() {
        let interrupt = Interrupt::default();
        assert!(!interrupt.stop_once_read());
        assert!(interrupt.is_set() && interrupt.flag().load(Ordering::Relaxed));
    }

    #[test]
    fn a_reading_is_stopped_at_once_by_who_has_another() {
        let interrupt = Interrupt::default();
        interrupt.reading(|| {
            interrupt.stop_once_read();
            interrupt.stop();
            assert!(interrupt.is_set());
        });
    }
}
