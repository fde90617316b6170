//! Words without what grammar hangs on them: light stemming of Arabic, French and English. It cuts little, for two
//! names that become one are worse than two forms that stay two.

/// What Arabic joins to the front of a noun together with the article, the longest first.
const ARTICLES: [&str; 11] = ["وبال", "فبال", "وكال", "وال", "بال", "كال", "فال", "ولل", "فلل", "ال", "لل"];
/// What it joins to any word; many words begin with these letters by themselves.
const PARTICLES: [char; 6] = ['و', 'ف', 'ب', 'ل', 'ك', 'س'];
/// Endings of number, person and origin, the longest first.
const ENDINGS: [&str; 19] = [
    "تها", "تهم", "ته", "يات", "هما", "يين", "ات", "ون", "ين", "ان", "ها", "هم", "هن", "نا", "يه", "يا",
    "وا", "ه", "ي",
];
/// Letters that must remain of a word.
const LETTERS_MIN: usize = 3;
/// Letters of a Latin word that is cut.
const LATIN_MIN: usize = 4;

/// Whether a folded word is written in Arabic letters.
pub fn is_arabic(word: &str) -> bool {
    word.chars().next().is_some_and(|c| matches!(c, '\u{600}'..='\u{6FF}'))
}

/// The stem of a folded word that [`bare`] has been at. No ending is taken off what `is_name` knows.
pub fn stem(word: &str, is_name: impl Fn(&str) -> bool) -> &str {
    if is_arabic(word) {
        return without_endings(word, is_name);
    }
    if word.is_ascii() { latin(word) } else { word }
}

/// A folded Arabic word without article and particles. `is_known` tells words that stand for themselves: a single letter
/// in front is taken off only where such a word remains.
pub fn bare(word: &str, is_known: impl Fn(&str) -> bool) -> &str {
    if !is_arabic(word) || is_known(word) {
        return word;
    }
    for article in ARTICLES {
        let letters_min = if article.len() > 4 { LETTERS_MIN } else { 2 };
        if let Some(rest) = word.strip_prefix(article).filter(|rest| letters(rest) >= letters_min) {
            return rest;
        }
    }
    let mut rest = word;
    // «وبمراكش» has two.
    for _ in 0..2 {
        let Some(next) = rest.strip_prefix(PARTICLES) else { break };
        if letters(next) < 2 {
            break;
        }
        if is_known(next) {
            return next;
        }
        rest = next;
    }
    word
}

/// An Arabic word without one and two letters that may be particles.
pub fn unjoined(word: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(shorter(word), |word| shorter(word)).take(2)
}

/// The digits that a particle is joined to.
pub fn unjoined_digits(word: &str) -> Option<&str> {
    word.strip_prefix(PARTICLES).filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}

fn shorter(word: &str) -> Option<&str> {
    word.strip_prefix(PARTICLES).filter(|rest| letters(rest) >= LETTERS_MIN)
}

/// Whether two Arabic words differ by no more than the particles joined to one of them: «بسلا», «سلا».
pub fn is_joined(one: &str, other: &str) -> bool {
    let (long, short) = if one.len() >= other.len() { (one, other) } else { (other, one) };
    let rest = long.strip_prefix(PARTICLES);
    letters(short) >= LETTERS_MIN
        && (rest == Some(short) || rest.and_then(|rest| rest.strip_prefix(PARTICLES)) == Some(short))
}

/// An Arabic word without its endings, of which it may have two («لبنانيون»).
fn without_endings(word: &str, is_name: impl Fn(&str) -> bool) -> &str {
    let mut word = word;
    for _ in 0..2 {
        if is_name(word) {
            break;
        }
        let shorter = ENDINGS.iter().filter_map(|ending| word.strip_suffix(ending));
        match shorter.filter(|rest| letters(rest) >= LETTERS_MIN).min_by_key(|rest| rest.len()) {
            Some(rest) => word = rest,
            None => break,
        }
    }
    word
}

/// The consonants of an Arabic verb or of the noun made from it: «يرتفع», «ارتفاع», «ارتفعت» have the same. `None` for a
/// word of which fewer than three remain.
pub fn root(word: &str) -> Option<String> {
    let word = word.strip_suffix("ت").filter(|rest| letters(rest) >= LETTERS_MIN).unwrap_or(word);
    let word = without_endings(word, |_| false);
    let verbal = ["است", "يست", "تست", "سي", "ست", "ي", "ت", "م", "ن"];
    let consonants =
        |word: &str| word.chars().filter(|c| !matches!(c, 'ا' | 'و' | 'ي' | 'ء')).collect::<String>();
    let short = verbal.iter().filter_map(|prefix| word.strip_prefix(prefix)).map(consonants);
    let whole = consonants(word);
    short.chain([whole]).find(|root| letters(root) >= LETTERS_MIN)
}

/// A word in Latin letters without the endings of number, and those of English verbs.
fn latin(word: &str) -> &str {
    if word.len() < LATIN_MIN || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word;
    }
    for (ending, rest_min) in
        [("ings", 4), ("ing", 4), ("ees", 4), ("ies", 3), ("ed", 3), ("ee", 4), ("es", 4)]
    {
        if let Some(rest) =
            word.strip_suffix(ending).filter(|rest| rest.len() >= rest_min && !rest.ends_with('e'))
        {
            return rest;
        }
    }
    let word = match word.strip_suffix(['s', 'x']) {
        Some(rest) if !rest.ends_with(['s', 'u', 'i']) => rest,
        _ => word,
    };
    word.strip_suffix(['e', 'y']).filter(|rest| rest.len() >= LATIN_MIN - 1).unwrap_or(word)
}

fn letters(word: &str) -> usize {
    word.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str) -> bool {
        ["وداد", "مراكش", "لبنان", "وزير", "محمد"].contains(&word)
    }

    fn check(words: &[&str], expected: &str) {
        for word in words {
            assert_eq!(stem(bare(word, known), |word| word == "لبنان"), expected, "{word}");
        }
    }

    #[test]
    fn forms_of_one_word() {
        check(&["وداد", "الوداد", "والوداد", "بالوداد", "للوداد", "كالوداد", "ووداد"], "وداد");
        check(&["مراكش", "بمراكش", "وبمراكش", "لمراكش"], "مراكش");
        check(&["الحكومه", "حكومات", "حكومه", "والحكومات"], "حكوم");
        check(&["المغربي", "مغربيه", "المغرب", "للمغربيين"], "مغرب");
        check(&["اسباني", "اسبانيا", "الاسبانيه"], "اسب");
        check(&["لبنان", "لبناني", "اللبنانيون", "لبنانيه"], "لبنان");
        check(&["اغنيه", "اغنيته", "الاغنيه"], "اغن");
        check(&["وزيره", "الوزير"], "وزير");
        check(&["والد"], "والد");
        check(&["minister", "ministers"], "minister");
        check(&["arrests", "arrested", "arresting"], "arrest");
        check(&["cities", "city"], "cit");
        check(&["arretee", "arretees"], "arret");
        check(&["les"], "les");
        check(&["東京"], "東京");
    }

    #[test]
    fn verbs_and_their_nouns_share_consonants() {
        for (verb, noun) in [
            ("يرتفع", "ارتفاع"),
            ("يستقبل", "استقبال"),
            ("تنظم", "تنظيم"),
            ("يفتتح", "افتتاح"),
            ("اعتقلت", "اعتقال"),
        ] {
            assert_eq!(root(verb), root(noun), "{verb} {noun}");
        }
        assert_ne!(root("يفتتح"), root("يغلق"));
        assert_eq!(root("فاز"), None);
    }
}
