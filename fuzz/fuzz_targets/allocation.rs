//! Holds a parser to the memory that its input is worth.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The most bytes that may be allocated at once before any data has arrived.
const BEFORE_DATA: usize = 64 * 1024;

static LIMIT: AtomicUsize = AtomicUsize::new(usize::MAX);

#[global_allocator]
static ALLOCATOR: Bounded = Bounded;

struct Bounded;

// SAFETY: it is the system's allocator, or the process ends.
unsafe impl GlobalAlloc for Bounded {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LIMIT.load(Relaxed) {
            std::process::abort();
        }
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// Runs `parse` on input of `arrived` bytes. More at once than 64 KiB and a few times the input ends
/// the process.
pub fn bounded(arrived: usize, parse: impl FnOnce()) {
    LIMIT.store(BEFORE_DATA + 4 * arrived, Relaxed);
    parse();
    LIMIT.store(usize::MAX, Relaxed);
}
