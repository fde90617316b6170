//! Rows of text in columns. Widths count characters, which is right for ids and near enough for titles.

use super::answer;

/// Prints `rows` under `head`; the last column is as wide as it is. Each row stays on one line, and nothing
/// that a source said can command the terminal.
pub(super) fn print(head: &[&str], rows: &[Vec<String>]) {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| safe(cell)).collect()).collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        answer(padded.collect::<Vec<_>>().join("  ").trim_end());
    };
    line(head.to_vec());
    rows.iter().for_each(|row| line(row.iter().map(String::as_str).collect()));
}

/// Control characters become spaces, and runs of spaces one.
pub(super) fn safe(cell: &str) -> String {
    let words = cell.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// The same for a line whose spaces are to stay.
pub(super) fn safe_line(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_one_harmless_line() {
        for (cell, expected) in
            [("a\u{1b}[31mb\r\nc", "a [31mb c"), ("خبر  عاجل", "خبر عاجل"), ("\t", ""), ("ok", "ok")]
        {
            assert_eq!(safe(cell), expected);
        }
    }
}
