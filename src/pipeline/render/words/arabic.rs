//! Arabic.

use chrono_tz::Tz;

use super::{Bot, Words};

pub(super) const WORDS: Words = Words {
    language: "ar",
    direction: "rtl",
    describes: |section, site| format!("جديد «{section}» من {site}، مجموعا من مصادره."),
    portal: |site| format!("آخر الأخبار من مصادرها، تجمعها {site}."),
    also: "نقلته أيضا",
    related: "أخبار ذات صلة",
    also_count: |count| match count {
        1 => "ومصدر آخر".to_owned(),
        2 => "ومصدران آخران".to_owned(),
        3..=10 => format!("و{count} مصادر أخرى"),
        _ => format!("و{count} مصدرا آخر"),
    },
    read_at: "تابع القراءة في",
    by: "بقلم",
    comma: "،",
    empty: "لا شيء هنا بعد.",
    all_of: "المزيد",
    subscribe: "اشترك",
    sections: "الأقسام",
    categories: "المواضيع",
    file: "ملف",
    comments: "التعليقات",
    about: "عن نشرة وعميلها الآلي",
    bot: Bot {
        who: "يجمع هذا الموقع ما تنشره المواقع في خلاصاتها (RSS وAtom وJSON Feed)، وينسب كل خبر إلى مصدره \
              ويحيل إليه. والخلاصات يطلبها برنامج اسمه nashra.",
        manners_title: "كيف يتصرف",
        manners: [
            "يطلب الخلاصات التي اختارها محرر الموقع، ولا يتصفح غيرها.",
            "يسأل إن تغير شيء (ETag وLast-Modified) ولا يحمّل ما سبق أن حمّله.",
            "يلتزم بما تطلبه الخوادم من مهلة (Retry-After) ويبطئ كلما لقي خطأ.",
            "لا يفتح إلى الخادم الواحد إلا اتصالات قليلة.",
        ],
        name_title: "كيف تعرفه",
        contact_title: "كيف تراسلنا",
        contact: "لأي سؤال أو شكوى، أو لسحب خلاصتك من الموقع:",
        no_contact: "لم يذكر محرر الموقع عنوانا للمراسلة.",
        block_title: "كيف تمنعه",
        block: "أجب طلبات هذا البرنامج بالرمز 403، أو امنع كل من يبدأ اسمه (User-Agent) بما يلي:",
    },
    months: GENERAL,
    at: "، ",
};

const GENERAL: [&str; 12] = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "مايو",
    "يونيو",
    "يوليو",
    "أغسطس",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
];
const MOROCCO: [&str; 12] = [
    "يناير",
    "فبراير",
    "مارس",
    "أبريل",
    "ماي",
    "يونيو",
    "يوليوز",
    "غشت",
    "شتنبر",
    "أكتوبر",
    "نونبر",
    "دجنبر",
];
const ALGERIA_AND_TUNISIA: [&str; 12] = [
    "جانفي",
    "فيفري",
    "مارس",
    "أفريل",
    "ماي",
    "جوان",
    "جويلية",
    "أوت",
    "سبتمبر",
    "أكتوبر",
    "نوفمبر",
    "ديسمبر",
];
const LEVANT_AND_IRAQ: [&str; 12] = [
    "كانون الثاني",
    "شباط",
    "آذار",
    "نيسان",
    "أيار",
    "حزيران",
    "تموز",
    "آب",
    "أيلول",
    "تشرين الأول",
    "تشرين الثاني",
    "كانون الأول",
];

/// Arabic has four sets of month names. The region of the language tag tells which, and where the tag
/// has none, the zone that the site keeps.
pub(super) fn months(tag: &str, zone: Tz) -> &'static [&'static str; 12] {
    let region = tag.split('-').skip(1).find(|part| part.len() == 2).map(str::to_ascii_uppercase);
    let place = region.as_deref().unwrap_or_else(|| zone.name());
    match place {
        "MA" | "EH" | "Africa/Casablanca" | "Africa/El_Aaiun" => &MOROCCO,
        "DZ" | "TN" | "Africa/Algiers" | "Africa/Tunis" => &ALGERIA_AND_TUNISIA,
        "SY" | "LB" | "JO" | "PS" | "IQ" | "Asia/Damascus" | "Asia/Beirut" | "Asia/Amman" | "Asia/Gaza"
        | "Asia/Hebron" | "Asia/Baghdad" => &LEVANT_AND_IRAQ,
        _ => &GENERAL,
    }
}
