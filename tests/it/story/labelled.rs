//! The labelled pairs: how well they are told apart, and what must not change the verdict.

use crate::kit::pairs::*;

/// Pairs of all languages.
fn all() -> Vec<Pair> {
    LANGUAGES.into_iter().flat_map(pairs).collect()
}

#[test]
fn stories_are_told_apart() {
    let check = |what: &str, pairs: &[Pair], pairs_min: usize| {
        let figures = Figures::of(pairs);
        let (precision, recall) = (figures.precision_percent(), figures.recall_percent());
        println!("{what}: precision {precision:.1} %, recall {recall:.1} %\n{}", figures.errors);
        assert!(
            pairs.len() >= pairs_min && (figures.wrong + figures.apart) * 2 >= pairs.len(),
            "{what}: too few pairs"
        );
        assert!(precision >= 99.0 && recall >= 85.0, "{what}: {precision} {recall}\n{}", figures.errors);
    };
    for language in LANGUAGES {
        check(language, &pairs(language), if language == "arabic" { 150 } else { 75 });
    }
    check("all", &all(), 300);
}

#[test]
fn which_one_comes_first_does_not_matter() {
    for pair in all() {
        let (forth, back) = (are_joined(&pair.one, &pair.other), are_joined(&pair.other, &pair.one));
        assert_eq!(forth, back, "{}: {} / {}", pair.line, pair.one.0, pair.other.0);
    }
}

#[test]
fn an_entry_is_the_story_of_itself() {
    for pair in all() {
        assert!(are_joined(&pair.other, &pair.other), "{}", pair.other.0);
    }
}

/// The same words, written another way: tatweel, harakat, capitals, Arabic digits.
fn disguised(text: &str) -> String {
    let disguise = |c: char| match c {
        'ب' | 'س' | 'ت' | 'ن' => format!("{c}\u{640}\u{640}"),
        'ر' | 'م' | 'ل' => format!("{c}\u{64E}"),
        'إ' | 'أ' => "ا".to_owned(),
        'ى' => "ي".to_owned(),
        'ة' => "ه".to_owned(),
        '0'..='9' => char::from_u32(u32::from(c) - u32::from('0') + 0x660).map(String::from).unwrap(),
        c => c.to_uppercase().to_string(),
    };
    text.chars().map(disguise).collect()
}

#[test]
fn spelling_does_not_matter() {
    for pair in all() {
        let other = (disguised(&pair.other.0), disguised(&pair.other.1));
        let (plain, other) = (are_joined(&pair.one, &pair.other), are_joined(&pair.one, &other));
        assert_eq!(plain, other, "{}: {} / {}", pair.line, pair.one.0, pair.other.0);
    }
}

#[test]
fn a_title_that_is_cut_anywhere_matches_its_whole() {
    let title = "المكتب الوطني للسكك الحديدية يعلن إطلاق خط جديد بين مراكش وأكادير قبل نهاية السنة المقبلة";
    let whole = (title.to_owned(), String::new());
    let characters: Vec<char> = title.chars().collect();
    for end in 40..characters.len() {
        let cut: String = characters[..end].iter().collect();
        for dots in ["…", "...", " …", " [...]"] {
            assert!(are_joined(&whole, &(format!("{}{dots}", cut.trim_end()), String::new())), "{cut}{dots}");
        }
    }
    // What is cut off says nothing, but what is there does.
    let other = "المكتب الوطني للسكك الحديدية يعلن إطلاق خط جديد بين فاس ووجد…";
    assert!(!are_joined(&whole, &(other.to_owned(), String::new())));
}

#[test]
fn a_text_that_is_cut_matches_its_whole_under_another_title() {
    let text = "قررت شركة الطيران الوطنية فتح ثلاثة خطوط جوية مباشرة تربط الدار البيضاء بعواصم آسيوية ابتداء من الربيع المقبل، \
        وذلك في إطار خطة توسيع شبكتها الدولية التي تشمل اقتناء طائرات بعيدة المدى. وأوضح المدير العام للشركة أن الخطوط \
        الجديدة ستشغل بمعدل أربع رحلات في الأسبوع، وأن أسعارها ستكون تنافسية مقارنة بالشركات الخليجية.";
    let cut: String = text.chars().take(220).collect();
    let one = ("شركة الطيران الوطنية تربط الدار البيضاء بعواصم آسيوية".to_owned(), text.to_owned());
    let other = ("خطوط جوية مباشرة نحو آسيا ابتداء من الربيع المقبل".to_owned(), format!("{cut}…"));
    assert!(are_joined(&one, &other));
    // A phrase that stands under everything makes no story.
    let phrase = "تابعوا كل جديد الأخبار الوطنية والدولية على مدار الساعة عبر موقعنا الإلكتروني وصفحاتنا على مواقع التواصل \
        الاجتماعي، ولا تنسوا الاشتراك في نشرتنا البريدية ليصلكم كل جديد في حينه وبكل مصداقية ومهنية عالية من فريقنا الصحفي.";
    let one = ("افتتاح معرض للصناعة التقليدية بمدينة تازة".to_owned(), phrase.to_owned());
    let other = ("إصلاح قنطرة وادي أم الربيع بعد الفيضانات".to_owned(), phrase.to_owned());
    assert!(!are_joined(&one, &other));
}

#[test]
fn a_short_text_is_no_witness_for_what_it_does_not_name() {
    let text = "Follow the latest updates on our website and in our app, day and night, wherever you are.";
    let check = |one: &str, other: &str, expected: bool| {
        let entry = |title: &str| (title.to_owned(), text.to_owned());
        assert_eq!(are_joined(&entry(one), &entry(other)), expected, "{one} / {other}");
    };
    check("Falkirk held 2-2 by Dundee in late drama", "Livingston held 2-2 by Arbroath in late drama", false);
    check("Falkirk held 2-2 by Dundee in late drama", "Falkirk held 2-1 by Dundee in late drama", false);
    check("Falkirk held 2-2 by Dundee in late drama", "Late drama as Falkirk are held 2-2 by Dundee", true);
}

#[test]
fn words_that_are_names_are_read_as_names() {
    let check = |one: &str, other: &str, expected: bool| {
        let entry = |title: &str| (title.to_owned(), String::new());
        assert_eq!(are_joined(&entry(one), &entry(other)), expected, "{one} / {other}");
    };
    check("افتتاح متحف للبحر بمدينة الجديدة", "افتتاح متحف للبحر بمدينة الداخلة", false);
    check("افتتاح متحف للبحر بمدينة الجديدة", "افتتاح متحف للبحر بمدينة العيون", false);
    check("افتتاح متحف للبحر بمدينة الجديدة", "الجديدة.. افتتاح متحف للبحر", true);
    check("افتتاح متحف للبحر في الجديدة", "افتتاح متحف للبحر في الداخلة", false);
    check("زلزال بقوة 5 درجات يضرب الجديدة", "زلزال بقوة 5 درجات يضرب صيدا", false);
    check("الوزيرة تعرض الخطة الجديدة لدعم الفلاحين", "الوزيرة تعرض الخطة لدعم الفلاحين", true);
    check("لقاء أبو ظبي بحضور عبد الله بن زايد", "لقاء أبوظبي بحضور عبدالله بنزايد", true);
    check(
        "Theresa May to open the county fair in Kent",
        "Theresa Hall to open the county fair in Kent",
        false,
    );
}
