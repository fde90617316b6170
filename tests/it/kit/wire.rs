//! A daemon with one source, a file of numbered stories.

/// Its feeds.toml; the source is `wire.xml` beside it.
pub const CONFIG: &str = "[site]\nlanguage = \"ar\"\n[sections.sport]\ntitle = \"رياضة\"\n\
    [sources.wire]\nurl = \"file:wire.xml\"\nsection = \"sport\"\nschedule = \"every 1h\"\n";

/// The feed that lists these stories, of one digit each.
pub fn rss(ids: &[usize]) -> String {
    let item = |id: &usize| {
        format!(
            "<item><title>Story {id}</title><guid isPermaLink=\"false\">{id}</guid><link>https://e.example/{id}</link>\
             <pubDate>Fri, 20 Nov 2026 08:0{id}:00 GMT</pubDate><description>On {id}</description></item>"
        )
    };
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Wire</title><link>https://e.example/</link>\
         <description>News</description>{}</channel></rss>",
        ids.iter().map(item).collect::<String>()
    )
}
