//! English, also for sites in a language that we do not speak.

use super::{Bot, Words};

pub(super) const WORDS: Words = Words {
    language: "en",
    direction: "ltr",
    describes: |section, site| format!("What is new in “{section}” on {site}, collected from its sources."),
    portal: |site| format!("{site}: the news of many sources, collected."),
    also: "Also covered by",
    related: "Related stories",
    also_count: |count| match count {
        1 => "and one more source".to_owned(),
        _ => format!("and {count} more sources"),
    },
    read_at: "Read on at",
    by: "By",
    comma: ",",
    empty: "Nothing here yet.",
    all_of: "See all",
    subscribe: "Subscribe",
    sections: "Sections",
    categories: "Topics",
    file: "File",
    comments: "Comments",
    about: "About nashra and its client",
    bot: Bot {
        who: "This site collects what others publish in their feeds (RSS, Atom and JSON Feed). Every story names its \
              source and links to it. The feeds are fetched by a program called nashra.",
        manners_title: "How it behaves",
        manners: [
            "It asks for the feeds that this site’s editor has chosen, and visits nothing else.",
            "It asks whether something has changed (ETag, Last-Modified) and does not download the rest again.",
            "It stays away for as long as a server asks it to (Retry-After), and slows down after errors.",
            "It opens few connections to any one server.",
        ],
        name_title: "How to recognise it",
        contact_title: "How to reach us",
        contact: "For a question, a complaint, or to have your feed removed from this site:",
        no_contact: "This site’s editor has given no address.",
        block_title: "How to keep it away",
        block: "Answer its requests with 403, or refuse every client whose name (User-Agent) begins with:",
    },
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    at: ", ",
};
