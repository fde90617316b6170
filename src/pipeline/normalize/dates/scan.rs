//! A date cut into numbers, folded words and marks.

use crate::pipeline::text;

/// A date has fewer pieces.
const TOKENS_MAX: usize = 64;
/// A number has fewer digits; microseconds since 1970 have 16.
const DIGITS_MAX: u8 = 18;
/// Characters that are words of their own wherever they stand: the units of Chinese, Japanese and Korean.
const UNITS: &str = "年月日号號時时點点分秒년월일시분초";

/// One piece of a date.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// Digits of any script.
    Number(Number),
    /// Letters, folded.
    Word(String),
    /// Any other character; dashes, commas and colons of all scripts are ASCII.
    Mark(char),
    /// White space.
    Space,
}

/// A number as written: `04` is not `4` where a year is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u64,
    pub(super) digits: u8,
}

impl Token {
    pub(super) fn number(&self) -> Option<Number> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    pub(super) fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }

    pub(super) fn is(&self, mark: char) -> bool {
        *self == Self::Mark(mark)
    }
}

/// The pieces of `text`; `None` where it has more than a date can have.
pub(super) fn scan(text: &str) -> Option<Vec<Token>> {
    let mut tokens: Vec<Token> = Vec::with_capacity(16);
    let mut word = String::new();
    for c in text.chars() {
        if !UNITS.contains(c) && (c.is_alphabetic() || is_part_of_word(c)) {
            word.push(c);
            continue;
        }
        end_word(&mut tokens, &mut word);
        if let Some(digit) = digit(c) {
            push_digit(&mut tokens, digit)?;
        } else if c.is_whitespace() {
            if tokens.last().is_some_and(|last| *last != Token::Space) {
                tokens.push(Token::Space);
            }
        } else if UNITS.contains(c) {
            tokens.push(Token::Word(c.to_string()));
        } else if let Some(mark) = mark(c) {
            tokens.push(Token::Mark(mark));
        }
        if tokens.len() > TOKENS_MAX {
            return None;
        }
    }
    end_word(&mut tokens, &mut word);
    join_halves(&mut tokens);
    Some(tokens)
}

fn end_word(tokens: &mut Vec<Token>, word: &mut String) {
    if !word.is_empty() {
        let folded = text::fold(word);
        if !folded.is_empty() {
            tokens.push(Token::Word(folded));
        }
        word.clear();
    }
}

fn push_digit(tokens: &mut Vec<Token>, digit: u64) -> Option<()> {
    if let Some(Token::Number(number)) = tokens.last_mut() {
        if number.digits >= DIGITS_MAX {
            return None;
        }
        *number = Number { value: number.value * 10 + digit, digits: number.digits + 1 };
    } else {
        tokens.push(Token::Number(Number { value: digit, digits: 1 }));
    }
    Some(())
}

/// Harakat, tatweel and other marks on letters.
fn is_part_of_word(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{610}'..='\u{61A}' | '\u{640}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

fn digit(c: char) -> Option<u64> {
    if c.is_ascii() {
        return c.to_digit(10).map(u64::from);
    }
    if !c.is_numeric() {
        return None;
    }
    let folded = text::fold(c.encode_utf8(&mut [0; 4]));
    let mut digits = folded.chars().filter_map(|c| c.to_digit(10)).fuse();
    let digit = digits.next()?;
    (digits.next().is_none() && folded.len() == 1).then_some(u64::from(digit))
}

/// The ASCII form of a mark; `None` for what is not seen (bidi controls, joiners).
fn mark(c: char) -> Option<char> {
    Some(match c {
        '،' | '、' | '，' => ',',
        '‐'..='―' | '−' | '－' => '-',
        '：' | '∶' => ':',
        '．' | '٫' => '.',
        '／' => '/',
        '＋' => '+',
        '（' => '(',
        '）' => ')',
        '\u{61C}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' => {
            return None;
        }
        c => c,
    })
}

/// "a. m.", "p.m", "ب.ظ" and "μ.μ." as one word each.
fn join_halves(tokens: &mut Vec<Token>) {
    let is_short =
        |token: Option<&Token>| token.and_then(Token::word).is_some_and(|word| word.chars().count() == 1);
    let mut at = 0;
    while at < tokens.len() {
        if is_short(tokens.get(at)) && tokens.get(at + 1).is_some_and(|token| token.is('.')) {
            let second = if tokens.get(at + 2) == Some(&Token::Space) { at + 3 } else { at + 2 };
            if is_short(tokens.get(second))
                && let (Some(Token::Word(one)), Some(Token::Word(two))) = (tokens.get(at), tokens.get(second))
            {
                let joined = Token::Word(format!("{one}{two}"));
                tokens.splice(at..=second, [joined]);
            }
        }
        at += 1;
    }
}
