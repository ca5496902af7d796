//! The table of a router: [`Routes`], and how it is built.

use std::{collections::BTreeMap, panic::Location, sync::Arc};

use super::{endpoint::Endpoint, entry::Entry, group::Door, pattern::Pattern, table::Table};
use crate::mounts::{Prefixes, checked_prefix};

/// The routes and mounts of a router. The requests that are in one share it.
#[derive(Clone, Default)]
pub(crate) struct Routes {
    pub(super) entries: Vec<Entry>,
    pub(super) patterns: Table<u32>,
    pub(super) mounts: Prefixes<u32>,
    /// The mount at `/`.
    pub(super) rest: Option<u32>,
    pub(super) names: BTreeMap<Box<str>, Named>,
}

#[derive(Clone, Copy)]
pub(super) struct Named {
    pub(super) entry: u32,
    place: &'static Location<'static>,
}

impl Routes {
    /// Adds a route; gives its entry, or what is wrong with it.
    pub(super) fn insert(&mut self, text: &str, endpoint: Endpoint) -> Result<u32, String> {
        let same = |entry: &Entry| !entry.is_mount && entry.pattern.text() == text;
        if let Some(known) = self.entries.iter().position(same) {
            self.entries[known].add(endpoint)?;
            return Ok(index(known));
        }
        let pattern = Pattern::parse(text)?;
        if let Some((_, mount)) = self.mounts.find(pattern.literal_start()) {
            let mount = &self.entries[*mount as usize];
            return Err(format!("it could never be reached below {mount}"));
        }
        if let Err(there) = self.patterns.insert(text, index(self.entries.len())) {
            let there = &self.entries[*there as usize];
            return Err(format!(
                "{there} matches the same paths: give its parameters the same names"
            ));
        }
        Ok(self.push(Entry::new(pattern, false, endpoint)))
    }

    /// Adds a mount; gives its entry, or what is wrong with it.
    pub(super) fn insert_mount(&mut self, point: &str, endpoint: Endpoint) -> Result<u32, String> {
        let prefix = checked_prefix(point)?;
        let covered = |entry: &&Entry| !entry.is_mount && entry.is_below(prefix);
        if !prefix.is_empty()
            && let Some(route) = self.entries.iter().find(covered)
        {
            return Err(format!("{route} could never be reached"));
        }
        let new = index(self.entries.len());
        let there = if prefix.is_empty() {
            self.rest.replace(new)
        } else {
            self.mounts.insert(prefix, new).err().copied()
        };
        if let Some(there) = there {
            let there = &self.entries[there as usize];
            return Err(format!("there is {there} already"));
        }
        Ok(self.push(Entry::new(Pattern::of_mount(prefix), true, endpoint)))
    }

    fn push(&mut self, entry: Entry) -> u32 {
        self.entries.push(entry);
        index(self.entries.len() - 1)
    }

    /// Names an entry, or says why not.
    pub(super) fn name(
        &mut self,
        name: &str,
        entry: u32,
        place: &'static Location<'static>,
    ) -> Result<(), String> {
        match self.names.insert(name.into(), Named { entry, place }) {
            Some(there) => Err(format!(
                "a route has that name already, from {}",
                there.place
            )),
            None => Ok(()),
        }
    }

    /// Takes over all routes, mounts and names of `other`, or says what stands in the way.
    pub(super) fn absorb(&mut self, other: &Routes) -> Result<(), String> {
        let mut moved = Vec::with_capacity(other.entries.len());
        for entry in &other.entries {
            let mut here = 0;
            for endpoint in &entry.endpoints {
                let inserted = if entry.is_mount {
                    self.insert_mount(entry.pattern.text(), endpoint.clone())
                } else {
                    self.insert(entry.pattern.text(), endpoint.clone())
                };
                here = inserted.map_err(|reason| format!("{entry}: {reason}"))?;
            }
            moved.push(here);
        }
        for (name, named) in &other.names {
            self.name(name, moved[named.entry as usize], named.place)
                .map_err(|reason| format!("`{name}`, from {}: {reason}", named.place))?;
        }
        Ok(())
    }

    /// Puts a group's middleware in front of everything.
    pub(super) fn put_behind(&mut self, door: &Arc<Door>) {
        for entry in &mut self.entries {
            entry.put_behind(door);
        }
    }
}

fn index(place: usize) -> u32 {
    u32::try_from(place).expect("memory holds fewer routes than that")
}
