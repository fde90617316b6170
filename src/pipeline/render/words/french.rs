//! French. Before `:` and within guillemets stands a no-break space.

use super::{Bot, Words};

pub(super) const WORDS: Words = Words {
    language: "fr",
    direction: "ltr",
    describes: |section, site| {
        format!(
            "Les nouveautés de la rubrique «\u{a0}{section}\u{a0}» sur {site}, réunies de toutes ses sources."
        )
    },
    portal: |site| format!("{site} réunit les nouvelles de ses sources."),
    also: "Repris aussi par",
    related: "À lire aussi",
    also_count: |count| match count {
        1 => "et une autre source".to_owned(),
        _ => format!("et {count} autres sources"),
    },
    read_at: "Lire la suite sur",
    by: "Par",
    comma: ",",
    empty: "Rien ici pour le moment.",
    all_of: "Voir tout",
    subscribe: "S’abonner",
    sections: "Rubriques",
    categories: "Sujets",
    file: "Fichier",
    comments: "Commentaires",
    about: "À propos de nashra et de son robot",
    bot: Bot {
        who: "Ce site réunit ce que d’autres publient dans leurs fils (RSS, Atom et JSON Feed)\u{a0}; chaque article \
              porte le nom de sa source et y renvoie. Les fils sont demandés par un programme nommé nashra.",
        manners_title: "Comment il se conduit",
        manners: [
            "Il demande les fils que l’éditeur du site a choisis, et ne visite rien d’autre.",
            "Il demande si quelque chose a changé (ETag, Last-Modified) et ne retélécharge pas le reste.",
            "Il respecte le délai que demande un serveur (Retry-After) et ralentit après une erreur.",
            "Il n’ouvre que peu de connexions vers un même serveur.",
        ],
        name_title: "Comment le reconnaître",
        contact_title: "Comment nous joindre",
        contact: "Pour une question, une plainte, ou pour retirer votre fil de ce site\u{a0}:",
        no_contact: "L’éditeur du site n’a pas indiqué d’adresse.",
        block_title: "Comment le tenir à l’écart",
        block: "Répondez 403 à ses demandes, ou refusez tout client dont le nom (User-Agent) commence ainsi\u{a0}:",
    },
    months: [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    at: " à ",
};
