//! The regular forms of Latin verbs, so that the lists need only one.

/// The forms of a regular English verb.
pub(super) fn english_forms(verb: &str) -> Vec<String> {
    let hissing = ["s", "x", "z", "ch", "sh"].iter().any(|end| verb.ends_with(end));
    let (third, past, lasting) = match verb.strip_suffix('y') {
        Some(rest) if !rest.ends_with(['a', 'e', 'o', 'u']) => ("ies", "ied", rest),
        _ => (if hissing { "es" } else { "s" }, "ed", verb),
    };
    let silent = verb.strip_suffix('e');
    let past = silent.map_or_else(|| format!("{lasting}{past}"), |rest| format!("{rest}ed"));
    vec![format!("{lasting}{third}"), past, format!("{}ing", silent.unwrap_or(verb))]
}

/// The forms of a French verb in -er, without accents.
pub(super) fn french_forms(verb: &str) -> Vec<String> {
    let Some(rest) = verb.strip_suffix("er") else { return vec![] };
    ["e", "es", "ent", "ee", "ees", "era", "eront", "ait"].map(|end| format!("{rest}{end}")).to_vec()
}
