//! The memory of a program and of everything that it has started.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;

use anyhow::{Context, Result};

/// Bytes by program: each page counted once, shared ones by their share.
pub(super) type Footprint = BTreeMap<String, u64>;

/// What the process and all its descendants hold now.
pub(super) fn of(process: i32) -> Result<Footprint> {
    let mut sum = Footprint::new();
    for id in descendants(process)? {
        // One that has just ended holds nothing.
        let Ok(program) = fs::read_link(format!("/proc/{id}/exe")) else {
            continue;
        };
        let Ok(rollup) = fs::read_to_string(format!("/proc/{id}/smaps_rollup")) else {
            continue;
        };
        let name = program
            .file_name()
            .unwrap_or_default()
            .display()
            .to_string();
        *sum.entry(name).or_default() += pss(&rollup)?;
    }
    Ok(sum)
}

fn descendants(of: i32) -> Result<HashSet<i32>> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(id) = name.to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Ok(stat) = fs::read_to_string(format!("/proc/{id}/stat")) {
            children.entry(parent(&stat)?).or_default().push(id);
        }
    }
    let (mut found, mut unseen) = (HashSet::new(), vec![of]);
    while let Some(id) = unseen.pop() {
        if found.insert(id) {
            unseen.extend(children.get(&id).into_iter().flatten());
        }
    }
    Ok(found)
}

/// The name before it, in parentheses, may hold anything.
fn parent(stat: &str) -> Result<i32> {
    let (_, rest) = stat.rsplit_once(") ").context("no name")?;
    let parent = rest.split(' ').nth(1).context("no parent")?;
    Ok(parent.parse()?)
}

fn pss(rollup: &str) -> Result<u64> {
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let number = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    Ok(number.context("no Pss")?.trim().parse::<u64>()? * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        assert_eq!(parent("12 (a) (b) name) S 7 12 12 0").unwrap(), 7);
        let rollup = "55d0-7ffc ---p 00000000 00:00 0 [rollup]\nRss:  9 kB\nPss:      12 kB\n";
        assert_eq!(pss(rollup).unwrap(), 12 * 1_024);
    }

    #[test]
    fn our_own_memory_is_some() {
        let own = i32::try_from(std::process::id()).unwrap();
        let sum: u64 = of(own).unwrap().values().sum();
        assert!(sum > 100_000, "{sum}");
    }
}
