//! Limits how many of something exist at once.
//!
//! It must not know what they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A limited number of permits.
#[derive(Debug, Clone)]
pub struct Permits {
    most: usize,
    taken: Arc<AtomicUsize>,
}

/// One permit, until it is dropped.
#[derive(Debug)]
pub struct Permit(Arc<AtomicUsize>);

impl Permits {
    pub fn new(most: usize) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// `None` if all are taken.
    pub fn take(&self) -> Option<Permit> {
        let more = |taken| (taken < self.most).then_some(taken + 1);
        let taken = self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, more);
        taken.is_ok().then(|| Permit(Arc::clone(&self.taken)))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::Permits;

    #[test]
    fn a_permit_can_be_taken_again_once_it_is_dropped() {
        let permits = Permits::new(2);
        let (one, _other) = (permits.take().unwrap(), permits.take().unwrap());
        assert!(permits.take().is_none());
        drop(one);
        assert!(permits.take().is_some());
    }
}
