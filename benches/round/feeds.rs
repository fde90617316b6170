//! Feeds as newsrooms and blogs write them, made from their number alone: RSS, Atom and JSON, Arabic and Latin.

use std::fmt::Write as _;

/// Entries of one feed.
pub const ENTRIES: usize = 35;
/// Paragraphs of one text; with the markup around them a feed has about 105 kB.
const PARAGRAPHS_MAX: u64 = 5;

const ARABIC: &str = "قال رئيس الحكومة إن المشروع الجديد سيوفر آلاف فرص العمل في مختلف جهات المملكة خلال السنوات \
    المقبلة وأضاف المتحدث باسم الوزارة أن الاجتماع الذي عُقد أمس بالرباط ناقش الإجراءات المتعلقة بالتعليم والصحة \
    والنقل العمومي كما أكدت مصادر مطلعة لوكالة الأنباء أن اللجنة ستقدم تقريرها النهائي قبل نهاية الشهر الجاري \
    بينما يستعد المنتخب الوطني لمواجهة نظيره في المباراة النهائية وسط حضور جماهيري كبير";
const LATIN: &str = "The minister said on Tuesday that the new programme would create thousands of jobs across the \
    country over the next five years while critics warned that its cost had not been made public le gouvernement a \
    présenté mercredi un projet de loi très attendu par les élus de la région et les habitants du quartier “at last” \
    said the mayor of the city after a long night of talks with unions and employers about wages and working hours";

/// A document and what it is served as.
pub struct Feed {
    pub media_type: &'static str,
    pub text: String,
}

/// One entry, for whatever format.
struct Item {
    title: String,
    link: String,
    summary: String,
    html: String,
    author: &'static str,
    categories: Vec<String>,
    image: String,
    minutes: u64,
}

/// Feed number `n`.
pub fn feed(n: usize) -> Feed {
    let mut dice = Dice::new(n as u64);
    let items: Vec<Item> = (0..ENTRIES).map(|at| item(n, at, &mut dice)).collect();
    match n % 10 {
        0..=6 => Feed { media_type: "application/rss+xml; charset=utf-8", text: rss(n, &items) },
        7 | 8 => Feed { media_type: "application/atom+xml", text: atom(n, &items) },
        _ => Feed { media_type: "application/feed+json", text: json(n, &items) },
    }
}

/// A feed of a few lines.
pub fn small(n: usize) -> String {
    let mut text =
        format!("<rss version=\"2.0\"><channel><title>Feed {n}</title><link>https://s{n}.example/</link>");
    for at in 0..3 {
        write!(
            text,
            "<item><title>Short message {at} of the source {n}</title><link>https://s{n}.example/{at}</link>\
             <guid>https://s{n}.example/{at}</guid><pubDate>Tue, 24 Nov 2026 0{at}:00:00 GMT</pubDate>\
             <description>&lt;p&gt;One paragraph, number {n}.&lt;/p&gt;</description></item>"
        )
        .unwrap();
    }
    text + "</channel></rss>"
}

fn item(n: usize, at: usize, dice: &mut Dice) -> Item {
    let words: Vec<&str> = if n.is_multiple_of(2) { ARABIC } else { LATIN }.split_whitespace().collect();
    // Every twentieth is a story of the wire that ten sources carry.
    let is_wire = at % 20 == 7;
    let mut own = Dice::new(if is_wire { (n / 20 * 1000 + at) as u64 + 7_000_000 } else { dice.next() });
    let length = 6 + own.below(8);
    let title = format!("{} {}", own.words(&words, length), if is_wire { n / 20 } else { n * 100 + at });
    let link =
        format!("https://site{n}.example/news/{at}-{}?utm_source=rss&utm_medium=feed", own.below(100_000));
    let image = format!("https://cdn.site{n}.example/{at}/{}.jpg?w=640&h=360", own.below(1_000_000));
    let mut html =
        format!("<figure><img src=\"{image}\" alt=\"{}\" width=\"640\" height=\"360\"></figure>\n", words[0]);
    for _ in 0..2 + own.below(PARAGRAPHS_MAX) {
        let (one, two, three) = (18 + own.below(16), 2 + own.below(3), 8 + own.below(20));
        writeln!(
            html,
            "<p style=\"text-align: justify\">{} <strong>{}</strong> {}, <a href=\"/tag/{}\" target=\"_blank\">{}</a>.</p>",
            own.words(&words, one),
            own.words(&words, two),
            own.words(&words, three),
            own.below(500),
            own.words(&words, 2)
        )
        .unwrap();
    }
    if at.is_multiple_of(3) {
        let points = [own.words(&words, 6), own.words(&words, 5)];
        write!(html, "<ul><li>{}</li>\n<li>{}</li></ul>\n", points[0], points[1]).unwrap();
    }
    if at.is_multiple_of(7) {
        html.push_str(
            "<script>track(\"view\");</script><blockquote class=\"x\"><p>“…”&nbsp;&mdash;</p></blockquote>",
        );
    }
    write!(html, "<img src=\"https://stats.example/pixel.gif?feed={n}&item={at}\" width=\"1\" height=\"1\">")
        .unwrap();
    Item {
        summary: own.words(&words, 24),
        author: ["هيئة التحرير", "Jane Doe", "و م ع", "La rédaction"][n % 4],
        categories: (0..=own.below(3)).map(|_| own.words(&words, 1)).collect(),
        minutes: own.below(60 * 24 * 20),
        title,
        link,
        html,
        image,
    }
}

fn rss(n: usize, items: &[Item]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" \
         xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" \
         xmlns:media=\"http://search.yahoo.com/mrss/\">\n<channel>\n<title>موقع {n}</title>\n\
         <link>https://site{n}.example/</link>\n<description>أخبار</description>\n<language>ar</language>\n<ttl>60</ttl>\n"
    );
    for item in items {
        let link = item.link.replace('&', "&amp;");
        write!(
            text,
            "<item>\n<title>{}</title>\n<link>{link}</link>\n<dc:creator><![CDATA[{}]]></dc:creator>\n\
             <pubDate>{}</pubDate>\n<guid isPermaLink=\"false\">{link}</guid>\n",
            item.title,
            item.author,
            date(item.minutes).format("%a, %d %b %Y %H:%M:%S +0000")
        )
        .unwrap();
        for category in &item.categories {
            writeln!(text, "<category><![CDATA[{category}]]></category>").unwrap();
        }
        writeln!(
            text,
            "<description><![CDATA[<p>{}</p>]]></description>\n<content:encoded><![CDATA[{}]]></content:encoded>\n\
             <media:content url=\"{}\" medium=\"image\"/>\n</item>",
            item.summary,
            item.html,
            item.image.replace('&', "&amp;")
        )
        .unwrap();
    }
    text + "</channel>\n</rss>\n"
}

fn atom(n: usize, items: &[Item]) -> String {
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"fr\">\n\
         <title>Site {n}</title><id>tag:site{n}.example,2026:feed</id><updated>2026-11-24T00:00:00Z</updated>\n\
         <link href=\"https://site{n}.example/\"/>\n"
    );
    for item in items {
        let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let link = escaped(&item.link);
        let when = date(item.minutes).format("%Y-%m-%dT%H:%M:%SZ");
        write!(
            text,
            "<entry>\n<title>{}</title>\n<link rel=\"alternate\" href=\"{link}\"/>\n<id>{link}</id>\n\
             <published>{when}</published>\n<updated>{when}</updated>\n<author><name>{}</name></author>\n",
            escaped(&item.title),
            item.author
        )
        .unwrap();
        for category in &item.categories {
            writeln!(text, "<category term=\"{category}\"/>").unwrap();
        }
        writeln!(
            text,
            "<summary>{}</summary>\n<content type=\"html\">{}</content>\n</entry>",
            escaped(&item.summary),
            escaped(&item.html)
        )
        .unwrap();
    }
    text + "</feed>\n"
}

fn json(n: usize, items: &[Item]) -> String {
    let items: Vec<_> = items
        .iter()
        .map(|item| {
            serde_json::json!({
                "id": item.link,
                "url": item.link,
                "title": item.title,
                "summary": item.summary,
                "content_html": item.html,
                "image": item.image,
                "date_published": date(item.minutes).format("%Y-%m-%dT%H:%M:%SZ").to_string(),
                "authors": [{"name": item.author}],
                "tags": item.categories,
            })
        })
        .collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": format!("Site {n}"),
        "home_page_url": format!("https://site{n}.example/"),
        "items": items,
    })
    .to_string()
}

fn date(minutes: u64) -> chrono::DateTime<chrono::Utc> {
    let first = 1_793_500_000;
    chrono::DateTime::from_timestamp(first + i64::try_from(minutes * 60).unwrap(), 0).unwrap()
}

/// Numbers that look random and are the same at every run (a linear congruential generator, Knuth's constants).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x2545_F491_4F6C_DD1D)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn words(&mut self, words: &[&str], count: u64) -> String {
        let pick = |_| words[usize::try_from(self.below(words.len() as u64)).unwrap()];
        (0..count).map(pick).collect::<Vec<_>>().join(" ")
    }
}
