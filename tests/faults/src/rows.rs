//! All rows, in the order in which they run.

use crate::row::Row;

mod big_bodies;
mod big_heads;
mod continuations;
mod disconnects;
mod downgrades;
mod expectations;
mod few_files;
mod full_logs;
mod half_closes;
mod idle_frames;
mod injections;
mod lies;
mod log_injections;
mod pipelines;
mod provoked_resets;
mod rapid_resets;
mod restarts;
mod silent_crowd;
mod slow_openers;
mod slow_readers;
mod slow_tools;
mod slow_uploads;
mod small_data;
mod soak;
mod stuck_peers;
mod unread_bodies;
mod upgrades;

/// `quick NAME module` and `long NAME module`: whether each test run has the row.
macro_rules! rows {
    ($($when:ident $module:ident),* $(,)?) => {
        &[$(Row {
            name: stringify!($module),
            is_quick: rows!(@ $when),
            run: |bench| Box::pin($module::run(bench)),
        }),*]
    };
    (@ quick) => { true };
    (@ long) => { false };
}

pub(crate) const ROWS: &[Row] = rows![
    quick slow_openers,
    quick slow_uploads,
    quick slow_readers,
    quick unread_bodies,
    quick pipelines,
    quick expectations,
    quick upgrades,
    quick downgrades,
    quick rapid_resets,
    quick provoked_resets,
    quick continuations,
    quick small_data,
    quick idle_frames,
    quick big_heads,
    quick big_bodies,
    quick log_injections,
    quick disconnects,
    quick half_closes,
    quick lies,
    quick injections,
    quick stuck_peers,
    quick few_files,
    quick full_logs,
    quick restarts,
    quick soak,
    long silent_crowd,
    long slow_tools,
];
