//! The names of months and of the halves of the day, in the languages of the feeds that we have met.
//! All are folded (`text::fold`): no accents, no harakat, one alef, final sigma as sigma.

use chrono::Weekday;

use super::scan::Token;

/// A shorter beginning stands for itself only: "مه" is May in Persian, but begins many words.
const STEM_CHARS_MIN: usize = 3;

/// Month → the beginnings of its names; the longest that fits counts.
///
/// English and its relatives · French · Spanish, Portuguese, Italian, Catalan, Romanian · Turkish · Polish,
/// Czech · Finnish · Russian, Bulgarian, Ukrainian · Greek · Arabic (Egypt and the Gulf, the Levant, the
/// Maghreb) · Persian and Urdu · Hebrew.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &[
        "jan", "gen", "ene", "xan", "ian", "oca", "sty", "led", "tammi", "янв", "яну", "сич", "січ", "ιαν",
        "γεν", "يناير", "جانفي", "ينير", "ژانويه", "جنوري", "ינואר", "בינואר",
    ],
    &[
        "feb", "fev", "sub", "lut", "uno", "helmi", "фев", "лют", "φεβ", "φλεβ", "فبراير", "فيفري", "شباط",
        "فوريه", "فروري", "פברואר", "בפברואר",
    ],
    &["mar", "maa", "mae", "mrt", "mrz", "bre", "мар", "бер", "μαρ", "مارس", "اذار", "مارچ", "מרץ", "במרץ"],
    &[
        "apr", "avr", "abr", "nis", "kwi", "dub", "huhti", "апр", "кві", "απρ", "ابريل", "افريل", "نيسان",
        "اوريل", "اپريل", "אפריל", "באפריל",
    ],
    &[
        "may", "mai", "maj", "mei", "mag", "kve", "touko", "май", "маи", "мая", "тра", "μαι", "μαη",
        "مايو", "ماي", "ايار", "مي", "مه", "מאי", "במאי",
    ],
    &[
        "jun", "juin", "giu", "iun", "haz", "cze", "cerven", "cervn", "kesa", "июн", "юни", "чер", "ιουν",
        "يونيو", "يونيه", "جوان", "حزيران", "ژوين", "جون", "יוני", "ביוני",
    ],
    &[
        "jul", "juil", "lug", "iul", "tem", "lip", "cervenec", "cervenc", "heina", "июл", "юли", "лип",
        "ιουλ", "يوليو", "يوليه", "يوليوز", "جويليه", "تموز", "ژوييه", "جولاي", "יולי", "ביולי",
    ],
    &[
        "aug", "aou", "ago", "agu", "sie", "srp", "elo", "авг", "сер", "αυγ", "اغسطس", "غشت", "اوت", "اب",
        "اگست", "אוגוסט", "באוגוסט",
    ],
    &[
        "sep", "set", "szep", "eyl", "wrz", "zar", "syys", "сен", "сеп", "вер", "σεπ", "سبتمبر", "شتنبر",
        "ايلول", "سپتامبر", "ستمبر", "ספטמבר", "בספטמבר",
    ],
    &[
        "oct", "okt", "ott", "out", "eki", "paz", "rij", "loka", "окт", "жов", "οκτ", "اكتوبر", "اكتبر",
        "אוקטובר", "באוקטובר",
    ],
    &[
        "nov", "noi", "kas", "lis", "marras", "ноя", "ное", "лис", "νοε", "نوفمبر", "نونبر", "نوامبر",
        "נובמבר", "בנובמבר",
    ],
    &[
        "dec", "dez", "dic", "des", "dek", "ara", "gru", "pro", "joulu", "дек", "гру", "δεκ", "ديسمبر",
        "دجنبر", "دسامبر", "دسمبر", "דצמבר", "בדצמבר",
    ],
];
/// Weekdays that begin as a month does.
const WEEKDAYS: &[&str] =
    &["mardi", "martes", "martedi", "marti", "maandag", "maa", "pazar", "pazartesi", "субота"];
/// Before noon, in the languages above and in Chinese, Japanese, Korean.
const MORNING: &[&str] =
    &["am", "ص", "صباحا", "صباح", "πμ", "قظ", "oo", "上午", "凌晨", "早上", "午前", "오전"];
/// After noon.
const AFTERNOON: &[&str] = &["pm", "م", "مساء", "ظهرا", "μμ", "بظ", "os", "下午", "晚上", "午後", "오후"];

/// The month that `word` names. `next` decides between the two of كانون and of تشرين.
pub(super) fn month(word: &str, next: Option<&Token>) -> Option<u32> {
    if let Some(pair) = [("كانون", [12, 1]), ("تشرين", [10, 11])].iter().find(|(name, _)| *name == word)
    {
        return match next.and_then(Token::word)?.trim_start_matches("ال") {
            "اول" => Some(pair.1[0]),
            "ثاني" | "ثان" => Some(pair.1[1]),
            _ => None,
        };
    }
    if WEEKDAYS.contains(&word) {
        return None;
    }
    let fits = |stem: &&str| {
        if stem.chars().nth(STEM_CHARS_MIN - 1).is_some() { word.starts_with(*stem) } else { word == *stem }
    };
    let longest = |stems: &[&str]| stems.iter().filter(|stem| fits(stem)).map(|stem| stem.len()).max();
    let found = (1_u32..).zip(MONTHS).filter_map(|(month, stems)| Some((longest(stems)?, month))).max()?;
    Some(found.1)
}

/// Whether `word` puts a time after noon (`true`) or before it.
pub(super) fn half_of_day(word: &str) -> Option<bool> {
    if AFTERNOON.contains(&word) {
        return Some(true);
    }
    MORNING.contains(&word).then_some(false)
}

/// The day of the week, in English: only there is `5/3` in doubt.
pub(super) fn weekday(word: &str) -> Option<Weekday> {
    word.parse().ok()
}

/// Whether a word is written in Hangul.
pub(super) fn is_korean(tokens: &[Token]) -> bool {
    let is_hangul = |c| matches!(c, '가'..='힣');
    tokens.iter().filter_map(Token::word).any(|word| word.contains(is_hangul))
}

/// What the units of Chinese, Japanese and Korean say of the number before them: 0 year, 1 month, 2 day.
pub(super) fn label(word: &str) -> Option<usize> {
    Some(match word {
        "年" | "년" => 0,
        "月" | "월" => 1,
        "日" | "号" | "號" | "일" => 2,
        _ => return None,
    })
}
