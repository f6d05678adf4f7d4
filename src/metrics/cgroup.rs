//! A task's memory from what its cgroup counts, as the kernel's files or the engines' stats have it. Pure.

use std::collections::BTreeMap;

use super::TaskMemory;

/// What of the memory of a cgroup can't be reclaimed: v2 names.
const FOOTPRINT_V2: [&str; 6] = ["anon", "shmem", "slab_unreclaimable", "kernel_stack", "pagetables", "sock"];

/// The memory of a cgroup: `usage` is `memory.current` (v2) or `memory.usage_in_bytes` (v1), `stat` the fields of
/// `memory.stat`, `swap` is `memory.swap.current`. None where `stat` is of neither version.
pub fn memory(usage: u64, stat: &BTreeMap<String, u64>, swap: u64) -> Option<TaskMemory> {
    let get = |name: &str| stat.get(name).copied();
    let (footprint, inactive) = if let Some(rss) = get("total_rss") {
        let swap = get("total_swap").unwrap_or(swap);
        let sum = |names: [&str; 2]| names.iter().filter_map(|name| get(name)).fold(0, u64::saturating_add);
        // Old kernels, and the engines' stats, don't tell what of the cache is shared memory; the lists of anonymous
        // pages have it, too.
        let anonymous = rss
            .saturating_add(get("total_shmem").unwrap_or_default())
            .max(sum(["total_active_anon", "total_inactive_anon"]));
        (anonymous.saturating_add(swap), get("total_inactive_file").unwrap_or_default())
    } else {
        get("anon")?;
        let parts = FOOTPRINT_V2.iter().filter_map(|name| get(name));
        (parts.fold(swap, u64::saturating_add), get("inactive_file").unwrap_or_default())
    };
    // As the docker CLI does: a cache that seems larger than everything is not taken off.
    let working_set_bytes = if inactive < usage { usage - inactive } else { usage };
    Some(TaskMemory { footprint_bytes: footprint, working_set_bytes, ..TaskMemory::default() })
}

/// Reads `memory.stat` and files like it: a name and a number on each line.
pub fn fields(text: &str) -> BTreeMap<String, u64> {
    let pair = |line: &str| {
        let (name, value) = line.split_once([' ', '\t'])?;
        Some((name.trim_end_matches(':').to_owned(), value.trim().parse().ok()?))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests;
