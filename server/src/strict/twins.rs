//! Fields whose names are one name to some: `X_User` and `X-User`.

use super::{
    fields::length_of_name,
    refusal::{Refusal, bad},
};

/// Refuses a head in which a name with `_` is another field's name where `_` stands for `-`, as it
/// does in CGI's variables: then it was written to pass for that field.
pub(super) fn check(head: &[u8]) -> Result<(), Refusal> {
    let lines = head.split(|byte| *byte == b'\n').skip(1);
    let mut names: Vec<(Vec<u8>, bool)> = lines
        .filter_map(|line| length_of_name(line).ok().map(|end| &line[..end]))
        .map(|name| (folded(name), name.contains(&b'_')))
        .collect();
    names.sort_unstable();
    let twins = |pair: &[(Vec<u8>, bool)]| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1;
    if names.windows(2).any(twins) {
        return Err(bad("two fields' names differ by _ and - alone"));
    }
    Ok(())
}

fn folded(name: &[u8]) -> Vec<u8> {
    name.iter()
        .map(|byte| match byte {
            b'_' => b'-',
            byte => byte.to_ascii_lowercase(),
        })
        .collect()
}
