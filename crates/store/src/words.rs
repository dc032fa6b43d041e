//! Words: what the search index is told of a text, what a person's question becomes, and where the hits stand.
//!
//! The index cuts at everything that is neither letter nor digit. Chinese, Japanese and Korean runs have no such cuts,
//! so they are told as overlapping pairs: `ABC` becomes `AB BC C`. A question of two characters or more is then a
//! phrase of pairs, a question of one is a prefix.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

/// What the index is told. A change of the output needs a rebuild of the index by a new schema script.
pub(crate) fn indexed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain: Vec<char> = text.nfkc().collect();
    Cow::Owned(pairs(&plain, true))
}

/// A person's question in the form of the index, and what to mark in the answers.
pub(crate) struct Question {
    /// For `MATCH`. Nothing that the person wrote stands outside of quotation marks.
    pub(crate) expression: String,
    terms: Vec<Term>,
}

/// A run of letters and digits, folded.
struct Term {
    folded: Vec<char>,
    prefix: bool,
}

impl Question {
    /// `None` when there is no letter and no digit in it. All words must occur; the last one may go on.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let plain: String = text.nfkc().take(MOST_CHARACTERS).collect();
        let words: Vec<&str> = plain
            .split(|c: char| c.is_whitespace() || c.is_control())
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .take(MOST_WORDS)
            .collect();
        let last = words.len().checked_sub(1)?;
        let mut phrases = Vec::new();
        let mut terms = Vec::new();
        for (at, word) in words.iter().enumerate() {
            let before = terms.len();
            terms.extend(runs(word).map(|folded| Term {
                folded,
                prefix: false,
            }));
            let goes_on = terms
                .get_mut(before..)
                .and_then(<[_]>::last_mut)
                .is_some_and(|term| {
                    let unspaced = term.folded.first().copied().is_some_and(is_unspaced);
                    // A prefix of one letter would read half the index.
                    term.prefix = !unspaced && at == last && term.folded.len() >= 2;
                    term.prefix
                });
            let chars: Vec<char> = word.chars().collect();
            let lone = ends_in_lone_unspaced(&chars);
            let star = if goes_on || lone { "*" } else { "" };
            phrases.push(format!(
                "\"{}\"{star}",
                pairs(&chars, lone).replace('"', "\"\"")
            ));
        }
        Some(Self {
            expression: format!("body : ({})", phrases.join(" AND ")),
            terms,
        })
    }

    /// The surroundings of the first hit, in parts: plain, hit, plain, hit, … Without a hit: the beginning, plain.
    pub(crate) fn snippet(&self, text: &str) -> Vec<String> {
        let hits = self.hits(text);
        let graphemes: Vec<(usize, &str)> = text.grapheme_indices(true).collect();
        let first_hit = hits.first().map_or(0, |hit| hit.0);
        let at = graphemes
            .partition_point(|(start, _)| *start <= first_hit)
            .saturating_sub(1);
        let mut from = at.saturating_sub(BEFORE_HIT);
        if from > 0 {
            // Do not begin in the middle of a word when there is another beginning near.
            let space = graphemes.get(from..at).and_then(|run| {
                run.iter()
                    .position(|(_, grapheme)| grapheme.chars().all(char::is_whitespace))
            });
            from = from.saturating_add(space.map_or(0, |space| space.saturating_add(1)));
        }
        let offset = |index: usize| graphemes.get(index).map_or(text.len(), |(start, _)| *start);
        let (start, end) = (offset(from), offset(from.saturating_add(SNIPPET)));

        let mut parts = vec![String::from(if start > 0 { "…" } else { "" })];
        let mut done = start;
        for (hit_start, hit_end) in hits {
            if hit_start >= end {
                break;
            }
            let hit_end = hit_end.min(end);
            if let Some(part) = parts.last_mut() {
                part.push_str(&one_line(text.get(done..hit_start).unwrap_or_default()));
            }
            parts.push(one_line(text.get(hit_start..hit_end).unwrap_or_default()));
            parts.push(String::new());
            done = hit_end;
        }
        if let Some(part) = parts.last_mut() {
            part.push_str(&one_line(text.get(done..end).unwrap_or_default()));
            part.push_str(if end < text.len() { "…" } else { "" });
        }
        if parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
            parts.pop();
        }
        parts
    }

    /// Byte ranges of the hits in `text`, in order, without overlaps.
    fn hits(&self, text: &str) -> Vec<(usize, usize)> {
        let letters = fold(text);
        let mut hits = Vec::new();
        let mut at = 0;
        while at < letters.len() {
            let longest = self
                .terms
                .iter()
                .filter(|term| term.stands_at(&letters, at))
                .map(|t| t.folded.len())
                .max();
            let range = longest.and_then(|length| {
                let end = at.checked_add(length)?;
                Some((
                    end,
                    letters.get(at)?.start,
                    letters.get(end.checked_sub(1)?)?.end,
                ))
            });
            match range {
                Some((next, start, end)) => {
                    hits.push((start, end));
                    at = next;
                }
                None => at = at.saturating_add(1),
            }
        }
        hits
    }
}

impl Term {
    /// Whether this term is what the letters from `at` on say, as a whole word unless it is unspaced or may go on.
    fn stands_at(&self, letters: &[Letter], at: usize) -> bool {
        let Some(end) = at.checked_add(self.folded.len()) else {
            return false;
        };
        let Some(run) = letters.get(at..end) else {
            return false;
        };
        let before = at.checked_sub(1).and_then(|before| letters.get(before));
        let after = letters.get(end);
        let whole = |near: Option<&Letter>, edge: Option<&Letter>| {
            near.zip(edge)
                .is_none_or(|(near, edge)| near.start != edge.start)
        };
        let word = |near: Option<&Letter>| {
            near.is_some_and(|near| near.folded.is_alphanumeric() && !is_unspaced(near.folded))
        };
        let unspaced = self.folded.first().copied().is_some_and(is_unspaced);
        run.iter()
            .map(|letter| letter.folded)
            .eq(self.folded.iter().copied())
            && whole(before, run.first())
            && whole(after, run.last())
            && (unspaced || !word(before) && (self.prefix || !word(after)))
    }
}

/// A character as it is compared, and the bytes that it stands for.
struct Letter {
    folded: char,
    start: usize,
    end: usize,
}

/// Without case, accents and width. One character may become several, marks become none.
fn fold(text: &str) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::with_capacity(text.len());
    for (start, c) in text.char_indices() {
        let end = start.saturating_add(c.len_utf8());
        if is_combining_mark(c) {
            if let Some(last) = letters.last_mut() {
                last.end = end;
            }
            continue;
        }
        for part in std::iter::once(c)
            .nfkd()
            .filter(|part| !is_combining_mark(*part))
        {
            letters.extend(
                part.to_lowercase()
                    .map(|folded| Letter { folded, start, end }),
            );
        }
    }
    letters
}

/// The folded runs of a word: letters and digits, unspaced ones apart.
fn runs(word: &str) -> impl Iterator<Item = Vec<char>> {
    let letters: Vec<char> = fold(word).into_iter().map(|letter| letter.folded).collect();
    let runs: Vec<Vec<char>> = letters
        .chunk_by(|a, b| kind(*a) == kind(*b))
        .filter(|run| run.first().copied().is_some_and(char::is_alphanumeric))
        .map(<[char]>::to_vec)
        .collect();
    runs.into_iter()
}

fn kind(c: char) -> (bool, bool) {
    (c.is_alphanumeric(), is_unspaced(c))
}

/// Whether the last character is unspaced and the one before is not.
fn ends_in_lone_unspaced(chars: &[char]) -> bool {
    match chars {
        [.., before, last] => is_unspaced(*last) && !is_unspaced(*before),
        [last] => is_unspaced(*last),
        [] => false,
    }
}

/// Unspaced runs as overlapping pairs, each run with its last character alone at the end. `last`: whether the run that
/// ends the text has it too; a question does without, as what follows there is not known.
fn pairs(chars: &[char], last: bool) -> String {
    let mut out = String::with_capacity(chars.len().saturating_mul(2));
    let mut rest = chars;
    let mut in_run = false;
    while let [c, tail @ ..] = rest {
        rest = tail;
        if !is_unspaced(*c) {
            if in_run {
                out.push(' ');
            }
            in_run = false;
            out.push(*c);
            continue;
        }
        match tail.first() {
            None if !last => {}
            next => {
                if !out.is_empty() {
                    out.push(' ');
                }
                out.push(*c);
                out.extend(next.filter(|next| is_unspaced(**next)));
            }
        }
        in_run = true;
    }
    out
}

/// Scripts that are written without spaces between words, and Hangul, whose particles stick to the words.
const fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{1100}'..='\u{11FF}' // Hangul Jamo
        | '\u{3005}'..='\u{3007}' // iteration mark, zero
        | '\u{3040}'..='\u{30FF}' // Hiragana, Katakana
        | '\u{3105}'..='\u{312F}' // Bopomofo
        | '\u{31A0}'..='\u{31BF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}' // Han
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{AC00}'..='\u{D7A3}' // Hangul
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}')
}

fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_whitespace() || c.is_control() {
                ' '
            } else {
                c
            }
        })
        .collect()
}

/// More of a question than this is not looked at.
const MOST_CHARACTERS: usize = 256;
const MOST_WORDS: usize = 16;
/// Characters of a snippet, and those before its first hit.
const SNIPPET: usize = 160;
const BEFORE_HIT: usize = 30;

#[cfg(test)]
mod tests;
