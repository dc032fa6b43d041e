//! Text of strangers, made safe to show.
//!
//! What is stored and signed is left as it came; this is for the window and for the journal of names.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};
use unicode_segmentation::UnicodeSegmentation;

/// Text is never longer, in bytes.
pub const TEXT_LIMIT: usize = 64 * 1_024;
/// A person's name is never longer, in bytes.
pub const NAME_LIMIT: usize = 256;
/// Nor in characters, of which the longest has four bytes.
const NAME_CHARS: usize = NAME_LIMIT / 4;

/// The text as the window shows it: without control characters other than line feed and tab, without direction
/// marks and other invisible characters that change how their neighbours look, at most [`TEXT_LIMIT`] bytes.
#[must_use]
pub fn display_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len().min(TEXT_LIMIT));
    let mut chars = text.chars().peekable();
    let mut last = None;
    while let Some(read) = chars.next() {
        let c = match read {
            '\r' if chars.peek() == Some(&'\n') => continue,
            '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => '\n',
            other => other,
        };
        if is_hidden(c, last) {
            continue;
        }
        if shown.len().saturating_add(c.len_utf8()) > TEXT_LIMIT {
            break;
        }
        shown.push(c);
        last = Some(c);
    }
    shown
}

/// The text on one line, for names and previews: white space is one space, and at most `max_chars` characters are
/// left, the last one `…` where something was cut.
#[must_use]
pub fn one_line(text: &str, max_chars: usize) -> String {
    let mut line = String::new();
    for word in display_text(text).split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if line.chars().count() <= max_chars {
        return line;
    }
    let mut cut = String::new();
    let mut left = max_chars.saturating_sub(1);
    for cluster in line.graphemes(true) {
        let Some(rest) = left.checked_sub(cluster.chars().count()) else {
            break;
        };
        left = rest;
        cut.push_str(cluster);
    }
    cut.truncate(cut.trim_end().len());
    if max_chars > 0 {
        cut.push('…');
    }
    cut
}

/// A name that somebody gave themselves: on one line, without what does not belong in one, and at most
/// [`NAME_LIMIT`] bytes long. `None` when nothing is left.
#[must_use]
pub fn person_name(text: &str) -> Option<String> {
    let name = one_line(text, NAME_CHARS);
    (!name.is_empty()).then_some(name)
}

/// Whether `c`, after `last`, is left out. Categories: control and format characters, among them all that change
/// the direction of text. Kept are those that scripts and emoji are written with: the two joiners, and the tags of
/// a flag.
fn is_hidden(c: char, last: Option<char>) -> bool {
    match c {
        '\n' | '\t' | '\u{200c}' | '\u{200d}' => false,
        '\u{e0020}'..='\u{e007f}' => !matches!(last, Some('\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')),
        _ => matches!(
            c.general_category(),
            GeneralCategory::Control | GeneralCategory::Format
        ),
    }
}

#[cfg(test)]
mod tests;
