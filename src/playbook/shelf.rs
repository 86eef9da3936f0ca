//! Holds every variant that is in force, and follows the files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::source::Fingerprint;
use super::{Playbook, Sources, report};
use crate::prompts::{BASE, FileError, Shares};
use crate::tools::Means;

/// Holds the playbooks and follows their files.
#[derive(Debug)]
pub struct Shelf {
    sources: Sources,
    means: Means,
    held: Mutex<Held>,
}

#[derive(Debug)]
struct Held {
    base: Arc<Playbook>,
    variants: BTreeMap<String, Arc<Playbook>>,
    shares: Shares,
    /// What is wrong with the files as they are. The last good version of each is what is held.
    broken: Vec<FileError>,
    /// Variants that were asked for and are not there. Each is reported once.
    missed: BTreeSet<String>,
    /// The state of the files that was last read, good or broken.
    seen: Fingerprint,
}

/// Everything that is in force.
#[derive(Debug, Clone)]
pub struct InForce {
    /// The base first, then the variants by name; each with its share of calls in percent.
    pub playbooks: Vec<(Arc<Playbook>, f64)>,
    /// What is wrong with edits that do not count yet.
    pub broken: Vec<FileError>,
}

impl Shelf {
    /// Reads everything once. The tools are run with `means`.
    ///
    /// # Errors
    ///
    /// The first mistake, with file, line and cause.
    pub fn open(sources: Sources, means: Means) -> Result<Self, FileError> {
        // Taken before reading: an edit meanwhile is seen by the next call.
        let seen = sources.fingerprint();
        let base = Arc::new(Playbook::load(&sources, BASE, &means)?);
        let names = sources.variants()?;
        let shares = sources.shares(&names)?;
        let mut variants = BTreeMap::new();
        for name in names {
            let playbook = Arc::new(Playbook::load(&sources, &name, &means)?);
            variants.insert(name, playbook);
        }
        let (broken, missed) = (Vec::new(), BTreeSet::new());
        let held = Mutex::new(Held { base, variants, shares, broken, missed, seen });
        Ok(Self { sources, means, held })
    }

    /// The base as it is in force now. Asks the file system for names, times and lengths, and reads the files only
    /// if one of these changed.
    pub fn current(&self) -> Arc<Playbook> {
        self.look().base.clone()
    }

    /// The base that was last read, without a look at the files.
    pub fn latest(&self) -> Arc<Playbook> {
        self.held().base.clone()
    }

    /// The playbook for a call that begins now: the variant that a rule `named` for it, else the one whose share it
    /// falls into.
    pub fn choose(&self, call_sid: &str, named: Option<&str>) -> Arc<Playbook> {
        let mut held = self.look();
        let picked = match named {
            Some(name) => Some(name.to_owned()),
            None => held.shares.pick(call_sid).map(str::to_owned),
        };
        held.variant(picked.as_deref())
    }

    /// The playbook of a call that began with this variant elsewhere, or a while ago; the base without one.
    pub fn variant(&self, name: Option<&str>) -> Arc<Playbook> {
        self.look().variant(name)
    }

    /// Everything that is in force, after a look at the files.
    pub fn in_force(&self) -> InForce {
        let held = self.look();
        let playbooks = std::iter::once(&held.base).chain(held.variants.values());
        let share = |playbook: &Arc<Playbook>| (playbook.clone(), held.shares.of(playbook.variant()));
        InForce { playbooks: playbooks.map(share).collect(), broken: held.broken.clone() }
    }

    /// Keeps the connections to servers of tools, until it is dropped.
    pub async fn keep_connected(&self) {
        self.means.keep_connected().await;
    }

    /// Where everything comes from, for the first lines of the log.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> MutexGuard<'_, Held> {
        let mut held = self.held();
        let now = self.sources.fingerprint();
        if now != held.seen {
            held.seen = now;
            held.read(&self.sources, &self.means);
        }
        held.renew();
        held
    }
}

impl Held {
    /// Reads everything again. What is broken keeps its last good version, and keeps nothing else from changing.
    fn read(&mut self, sources: &Sources, means: &Means) {
        let mut broken = Vec::new();
        if let Some(playbook) = changed(&self.base, Playbook::load(sources, BASE, means), &mut broken) {
            self.base = playbook;
        }
        match sources.variants() {
            Ok(names) => {
                // Where the whole folder is gone, or is just being replaced, nothing changes.
                if sources.prompts.folder().is_some_and(std::path::Path::is_dir) {
                    self.variants.retain(|name, _| names.contains(name));
                }
                for name in &names {
                    let read = Playbook::load(sources, name, means);
                    let playbook = match self.variants.get(name) {
                        Some(known) => changed(known, read, &mut broken),
                        None => read.map_err(|error| broken.push(error)).ok().map(announced),
                    };
                    if let Some(playbook) = playbook {
                        self.variants.insert(name.clone(), playbook);
                    }
                }
                match sources.shares(&names) {
                    Ok(shares) => self.shares = shares,
                    Err(error) => broken.push(error),
                }
            }
            Err(error) => broken.push(error),
        }
        let Self { variants, missed, .. } = self;
        missed.retain(|name| !variants.contains_key(name));
        for error in broken.iter().filter(|error| !self.broken.contains(error)) {
            report(error, "an edit is broken, the last good version stays in use");
        }
        if broken.is_empty() && !self.broken.is_empty() {
            tracing::info!("every edit of prompts and tools counts again");
        }
        self.broken = broken;
    }

    /// Servers of tools come and go while no file changes.
    fn renew(&mut self) {
        for playbook in std::iter::once(&mut self.base).chain(self.variants.values_mut()) {
            if let Some(renewed) = playbook.renewed() {
                *playbook = Arc::new(renewed);
            }
        }
    }

    fn variant(&mut self, name: Option<&str>) -> Arc<Playbook> {
        let Some(name) = name.filter(|name| *name != BASE) else { return self.base.clone() };
        if let Some(playbook) = self.variants.get(name) {
            return playbook.clone();
        }
        if self.missed.insert(name.to_owned()) {
            tracing::warn!(
                prompts.variant = name,
                "there is no such variant of the prompts, the base is used"
            );
        }
        self.base.clone()
    }
}

/// What was read, if it is good and not what is there already.
fn changed(
    known: &Arc<Playbook>,
    read: Result<Playbook, FileError>,
    broken: &mut Vec<FileError>,
) -> Option<Arc<Playbook>> {
    match read {
        Ok(playbook) => {
            let is_new = playbook.named != known.named || !playbook.tools.has_keys_of(&known.tools);
            is_new.then(|| announced(playbook))
        }
        Err(error) => {
            broken.push(error);
            None
        }
    }
}

fn announced(playbook: Playbook) -> Arc<Playbook> {
    let (variant, version) = (playbook.variant(), playbook.version());
    tracing::info!(prompts.variant = variant, prompts.version = version, "prompts and tools were read again");
    Arc::new(playbook)
}

#[cfg(test)]
mod tests;
