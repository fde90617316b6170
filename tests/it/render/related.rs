//! Related stories, as each format names them beside other coverage.

use super::*;

/// An entry with one other coverage and two related stories.
fn told() -> SectionFeed {
    feed(vec![
        Placed {
            also: vec![also("b", "Same \"story\" rel=\"related\"")],
            related: vec![also("c", "Near <by>"), also("d", "قريب")],
            ..placed(entry("https://a.example/id/1", rich()))
        },
        Placed {
            also: vec![also("b", "Same")],
            ..placed(entry("urn:x-test:2", said("2", "Alone", "", DAY)))
        },
    ])
}

#[test]
fn atom_marks_the_links_to_related_stories() {
    let atom = text(render::atom(&told(), &site()));
    check_well_formed(&atom);
    assert!(atom.contains(" xmlns:nashra=\"urn:x-nashra:atom\""), "{atom}");
    let links = |part: &str| -> Vec<(String, bool)> {
        let links = part.split("<link ").skip(1).map(|link| link.split_once("/>").unwrap().0);
        let related = links.filter(|link| link.contains(" rel=\"related\""));
        related
            .map(|link| {
                let href = link.split_once("href=\"").unwrap().1.split_once(['?', '"']).unwrap().0;
                (href.to_owned(), link.contains(" nashra:story=\"related\""))
            })
            .collect()
    };
    let entries: Vec<&str> = atom.split("<entry").skip(1).collect();
    let link = |id: &str, is_related| (format!("https://{id}.example/a"), is_related);
    let own = ("https://a.example/%D8%AE%D9%84%D9%81%D9%8A%D8%A9".to_owned(), false);
    assert_eq!(links(entries[0]), [own, link("b", false), link("c", true), link("d", true)]);
    assert_eq!(links(entries[1]), [link("b", false)]);
    let parsed = atom_syndication::Feed::read_from(atom.as_bytes()).unwrap();
    let titles: Vec<_> = parsed.entries[0]
        .links
        .iter()
        .filter(|link| link.rel == "related")
        .map(|link| link.title.as_deref().unwrap())
        .collect();
    let coverage = "Source b: Same \"story\" rel=\"related\"";
    assert_eq!(titles, ["خلفية", coverage, "Source c: Near <by>", "Source d: قريب"]);
    let plain = text(render::atom(&feed(vec![placed(entry("urn:x-test:1", rich()))]), &site()));
    assert!(!plain.contains("nashra:"), "nothing is declared that is not used");
}

#[test]
fn json_lists_them_apart() {
    let feed: serde_json::Value = serde_json::from_slice(&render::json(&told(), &site())).unwrap();
    assert_eq!(
        feed["items"][0]["_nashra"]["related"],
        serde_json::json!([
            {"title": "Near <by>", "url": "https://c.example/a?b=1&c=2"},
            {"title": "قريب", "url": "https://d.example/a?b=1&c=2"},
        ])
    );
    assert_eq!(feed["items"][0]["_nashra"]["also"].as_array().unwrap().len(), 1);
    assert_eq!(feed["items"][1]["_nashra"]["related"], serde_json::json!([]));
}

#[test]
fn rss_readers_are_shown_other_coverage_alone() {
    let rss = text(render::rss(&told(), &site()));
    assert!(rss.contains("https://b.example/a") && !rss.contains("https://c.example/a"), "{rss}");
}

#[test]
fn the_item_page_has_a_block_of_them_that_leads_to_our_own_pages() {
    for (language, heading) in [
        ("ar", "أخبار ذات صلة"),
        ("fr", "À lire aussi"),
        ("en", "Related stories"),
        ("sv", "Related stories"),
    ] {
        let site = Site { language: language.to_owned(), ..site() };
        let told = told();
        let page = text(render::item_page(&site, &told.placed[0], false));
        let (_, block) = page.split_once(&format!("<h2>{heading}</h2>")).unwrap();
        for related in &told.placed[0].related {
            assert!(block.contains(&format!("href=\"http://127.0.0.1:8080/item/{}\"", related.entry.key)));
        }
        assert!(block.contains("Near &#60;by&#62;") && block.contains("Source d"), "{block}");
        let alone = text(render::item_page(&site, &told.placed[1], false));
        assert!(!alone.contains(heading));
    }
}

#[test]
fn pages_lead_through_us_only_where_readers_are_counted() {
    let told = told();
    let (first, other) = (&told.placed[0], &told.placed[0].also[0].entry);
    let page = |counts| text(render::item_page(&site(), first, counts));
    let counted = page(true);
    for key in [first.entry.key, other.key] {
        assert!(counted.contains(&format!("href=\"http://127.0.0.1:8080/go/{key}\" rel=\"nofollow\"")));
    }
    assert!(counted.contains("<link rel=\"canonical\" href=\"https://a.example/"), "the source is credited");
    assert!(!page(false).contains("/go/") && !page(false).contains("nofollow"));
    // An entry without a link is read here.
    let alone = text(render::item_page(&site(), &told.placed[1], true));
    let own = format!("http://127.0.0.1:8080/item/{}", told.placed[1].entry.key);
    assert!(alone.contains(&format!("href=\"{own}\">")) && alone.matches("/go/").count() == 1, "{alone}");
    assert_eq!(render::destination(&site(), &told.placed[1].entry), own);
    assert_eq!(render::destination(&site(), other), "https://b.example/a?b=1&c=2");
}

#[test]
fn what_is_read_most_is_numbered() {
    let ranked = SectionFeed {
        section: Section { order: SectionOrder::MostRead, ..section("most-read", 50, 50) },
        ..told()
    };
    let class = "ranked";
    assert!(text(render::section_page(&site(), &ranked)).contains(class));
    assert!(text(render::front_page(&site(), &[told(), ranked])).contains("<section class=\"block ranked\""));
    assert!(!text(render::section_page(&site(), &told())).contains(class));
}
