//! What search says, in the languages of the pages.

use super::Words;

/// The words around a search.
pub(in crate::pipeline::render) struct Seek {
    /// Names the box and the button.
    pub(in crate::pipeline::render) search: &'static str,
    /// Stands before the question.
    pub(in crate::pipeline::render) results: &'static str,
    /// How to ask, under an empty box.
    pub(in crate::pipeline::render) how: &'static str,
    /// In place of results.
    pub(in crate::pipeline::render) nothing: &'static str,
    /// In place of results, where too much is asked.
    pub(in crate::pipeline::render) too_long: &'static str,
    /// Where not all that is stored is in the index yet.
    pub(in crate::pipeline::render) incomplete: &'static str,
    /// Lead to other results.
    pub(in crate::pipeline::render) next: &'static str,
    pub(in crate::pipeline::render) previous: &'static str,
    /// Describes the search of a portal, given its name.
    pub(in crate::pipeline::render) describes: fn(&str) -> String,
    /// Names the feed of a search, given the question.
    pub(in crate::pipeline::render) titled: fn(&str) -> String,
    /// Describes the feed of all coverage of one event.
    pub(in crate::pipeline::render) coverage: &'static str,
}

impl Seek {
    /// The words for a site in this language.
    pub(in crate::pipeline::render) fn of(tag: &str) -> &'static Self {
        match Words::of(tag).language {
            "ar" => &ARABIC,
            "fr" => &FRENCH,
            _ => &ENGLISH,
        }
    }
}

const ARABIC: Seek = Seek {
    search: "بحث",
    results: "نتائج البحث عن",
    how: "اكتب كلمات تجتمع كلها في الخبر، أو «عبارة بين علامتي اقتباس». وعلامة ناقص قبل كلمة تستبعدها. \
          ولا فرق بين أ وا، ولا بين ة وه، ولا بين ٣ و3، ولا بين كلمة معرفة ونكرة.",
    nothing: "لا خبر يطابق هذا البحث.",
    too_long: "هذا البحث أطول من اللازم: 200 حرف و32 كلمة على الأكثر.",
    incomplete: "لم تكتمل قراءة الأخبار المخزنة بعد، وقد تظهر نتائج أخرى بعد قليل.",
    next: "النتائج التالية",
    previous: "النتائج السابقة",
    describes: |site| format!("البحث في أخبار {site}"),
    titled: |query| format!("بحث: {query}"),
    coverage: "كل ما نشرته المصادر عن هذا الخبر.",
};

const FRENCH: Seek = Seek {
    search: "Rechercher",
    results: "Résultats pour",
    how: "Saisissez des mots, qui doivent tous se trouver dans l’article, ou une «\u{a0}expression entre \
          guillemets\u{a0}». Un mot précédé du signe moins est exclu. Les accents et les majuscules ne comptent pas.",
    nothing: "Aucun article ne correspond à cette recherche.",
    too_long: "Cette recherche est trop longue\u{a0}: 200 caractères et 32 mots au plus.",
    incomplete: "La lecture des articles enregistrés n’est pas terminée\u{a0}; d’autres résultats peuvent suivre.",
    next: "Résultats suivants",
    previous: "Résultats précédents",
    describes: |site| format!("Recherche dans les articles de {site}"),
    titled: |query| format!("Recherche\u{a0}: {query}"),
    coverage: "Tout ce que les sources ont publié sur cet événement.",
};

const ENGLISH: Seek = Seek {
    search: "Search",
    results: "Results for",
    how: "Type words that must all be in a story, or a “phrase in quotes”. A minus sign in front of a word excludes \
          it. Accents and capitals make no difference.",
    nothing: "No story matches this search.",
    too_long: "This search is too long: 200 characters and 32 words at most.",
    incomplete: "The stored stories are still being read: more results may follow shortly.",
    next: "Next results",
    previous: "Previous results",
    describes: |site| format!("Search the stories of {site}"),
    titled: |query| format!("Search: {query}"),
    coverage: "All that the sources have published about this event.",
};
