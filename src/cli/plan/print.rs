//! A plan for people: a line an entry, a few of each kind.

use crate::cli::answer;
use crate::model::SectionId;
use crate::pipeline::plan::{Change, Line, Move, Plan, SectionPlan, Setting, SourcePlan};

/// Makes a title or a name one piece of the line, in its own direction (U+2068 and U+2069, Unicode UAX #9), so that
/// Arabic does not turn the numbers around it.
const ISOLATE: (char, char) = ('\u{2068}', '\u{2069}');
/// Characters of a title or of a setting.
const TEXT_CHARS_MAX: usize = 120;

pub(super) fn plan(plan: &Plan, lines_max: usize) {
    if plan.is_empty() {
        answer("nothing would change for readers");
        return;
    }
    plan.settings.iter().for_each(|setting| answer(&setting_line(setting)));
    if let Some(front) = &plan.front {
        answer(&format!("front page: {} → {}", ids(&front.before), ids(&front.after)));
    }
    plan.sources.iter().for_each(source);
    plan.sections.iter().for_each(|one| section(one, lines_max));
}

fn source(plan: &SourcePlan) {
    let SourcePlan { source, change, url, settings } = plan;
    match change {
        Change::Added => answer(&format!("+ source {source}: {url}: it would be polled")),
        Change::Removed => {
            answer(&format!("- source {source}: {url}: it would not be polled, and its entries vanish"));
        }
        Change::Changed => {
            answer(&format!("~ source {source}"));
            settings.iter().for_each(|setting| answer(&format!("    {}", setting_line(setting))));
        }
    }
}

fn section(plan: &SectionPlan, lines_max: usize) {
    let SectionPlan { section, title, change, settings, appear, vanish, moves, differ } = plan;
    let counts = [
        (appear.len(), "appear"),
        (vanish.len(), "vanish"),
        (moves.len(), "move"),
        (differ.len(), "are shown otherwise"),
    ];
    let counts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let counts = if counts.is_empty() { "no entry changes".to_owned() } else { counts.join(", ") };
    let sign = sign(*change);
    answer(&format!("{sign} /{section} {}: {counts}", isolated(title)));
    settings.iter().for_each(|setting| answer(&format!("    {}", setting_line(setting))));
    bounded(appear, lines_max, |line| format!("  + {} {}", line.position, entry(line)));
    bounded(vanish, lines_max, |line| format!("  - {} {}", line.position, entry(line)));
    bounded(&runs(moves), lines_max, moved);
    bounded(differ, lines_max, |line| {
        let also: Vec<&str> = line.also.iter().map(|source| source.0.as_str()).collect();
        let also = if also.is_empty() { String::new() } else { format!(" (also {})", also.join(", ")) };
        format!("  = {} {}{also}", line.position, entry(line))
    });
}

fn sign(change: Change) -> char {
    match change {
        Change::Added => '+',
        Change::Removed => '-',
        Change::Changed => '~',
    }
}

fn bounded<T>(all: &[T], lines_max: usize, line: impl Fn(&T) -> String) {
    all.iter().take(lines_max).for_each(|one| answer(&line(one)));
    if all.len() > lines_max {
        answer(&format!("  … and {} more", all.len() - lines_max));
    }
}

/// Moves by the same distance that follow one another: an entry that comes pushes all below it down.
fn runs(moves: &[Move]) -> Vec<&[Move]> {
    moves.chunk_by(|one, next| next.from == one.from + 1 && next.to.position == one.to.position + 1).collect()
}

fn moved(run: &&[Move]) -> String {
    match run {
        [] => String::new(),
        [one] => format!("  ~ {} → {} {}", one.from, one.to.position, entry(&one.to)),
        [first, .., last] => format!(
            "  ~ {}–{} → {}–{} ({} entries)",
            first.from,
            last.from,
            first.to.position,
            last.to.position,
            run.len()
        ),
    }
}

fn entry(line: &Line) -> String {
    format!("{} — {} {}", isolated(&line.title), isolated(&line.source_title), line.key)
}

fn setting_line(setting: &Setting) -> String {
    let said = |value: &Option<String>| value.as_deref().map_or_else(|| "(not set)".to_owned(), isolated);
    format!("{}: {} → {}", setting.key, said(&setting.before), said(&setting.after))
}

fn ids(sections: &[SectionId]) -> String {
    sections.iter().map(|id| id.0.as_str()).collect::<Vec<_>>().join(", ")
}

/// On one line, without anything that could command the terminal, and cut where it is long.
fn isolated(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = if words.chars().count() > TEXT_CHARS_MAX {
        words.chars().take(TEXT_CHARS_MAX).chain(['…']).collect()
    } else {
        words
    };
    format!("{}{cut}{}", ISOLATE.0, ISOLATE.1)
}
