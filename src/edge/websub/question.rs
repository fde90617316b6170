//! What a hub asks or says on a callback, in the query of a GET (WebSub §5.2, §5.3).

use url::form_urlencoded;

use crate::model::{Intent, Wish};

/// Bytes of a challenge that is echoed.
const CHALLENGE_BYTES_MAX: usize = 4096;
/// Characters of a reason that are kept.
const REASON_CHARS_MAX: usize = 300;

/// A question of a hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What it wants to know.
    pub intent: Intent,
    /// What is echoed if the answer is yes; empty where nothing is asked.
    pub challenge: String,
}

/// Reads the query of a callback; `None` where it is no question of a hub. What is said twice is said unclearly.
pub fn question(query: &str) -> Option<Question> {
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    let said = |name: &str| {
        let mut values = pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_ref());
        values.next().filter(|_| values.next().is_none())
    };
    let (mode, topic) = (said("hub.mode")?, said("hub.topic")?.to_owned());
    let wish = match mode {
        "denied" => {
            let reason = said("hub.reason").map(plain).filter(|reason| !reason.is_empty());
            return Some(Question { intent: Intent::Denied { topic, reason }, challenge: String::new() });
        }
        "subscribe" => Wish::Subscribe,
        "unsubscribe" => Wish::Unsubscribe,
        _ => return None,
    };
    let challenge = said("hub.challenge").filter(|said| (1..=CHALLENGE_BYTES_MAX).contains(&said.len()))?;
    let lease_seconds = said("hub.lease_seconds").and_then(|seconds| seconds.parse().ok());
    Some(Question { intent: Intent::Verify { wish, topic, lease_seconds }, challenge: challenge.to_owned() })
}

/// On one line, without what is no text.
pub(super) fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).collect();
    let words = words.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    words.chars().take(REASON_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verify(wish: Wish, lease_seconds: Option<u64>) -> Intent {
        Intent::Verify { wish, topic: "http://e/f?a=1".to_owned(), lease_seconds }
    }

    #[test]
    fn questions_are_read() {
        let topic = "hub.topic=http%3A%2F%2Fe%2Ff%3Fa%3D1";
        let check = |query: String, expected: Option<Intent>, challenge: &str| {
            let found = question(&query);
            assert_eq!(found.as_ref().map(|found| found.intent.clone()), expected, "{query}");
            assert_eq!(found.map(|found| found.challenge).unwrap_or_default(), challenge, "{query}");
        };
        let (subscribe, leave) = (Wish::Subscribe, Wish::Unsubscribe);
        let all = format!("hub.mode=subscribe&{topic}&hub.challenge=a%20%C3%A9%0A&hub.lease_seconds=60");
        check(all, Some(verify(subscribe, Some(60))), "a é\n");
        check(format!("x=y&{topic}&hub.challenge=c&hub.mode=unsubscribe"), Some(verify(leave, None)), "c");
        for lease in ["", "-1", "1.5", "99999999999999999999", "60&hub.lease_seconds=61"] {
            let query = format!("hub.mode=subscribe&{topic}&hub.challenge=c&hub.lease_seconds={lease}");
            check(query, Some(verify(subscribe, None)), "c");
        }
        let denied = |reason: &str| {
            let reason = (!reason.is_empty()).then(|| reason.to_owned());
            Some(Intent::Denied { topic: "http://e/f?a=1".to_owned(), reason })
        };
        check(format!("hub.mode=denied&{topic}"), denied(""), "");
        check(format!("hub.mode=denied&{topic}&hub.reason=no%0A%1b[31m+way"), denied("no [31m way"), "");
        let long = "x".repeat(CHALLENGE_BYTES_MAX + 1);
        for bad in [
            String::new(),
            topic.to_owned(),
            format!("hub.mode=subscribe&{topic}"),
            format!("hub.mode=subscribe&{topic}&hub.challenge="),
            format!("hub.mode=subscribe&{topic}&hub.challenge={long}"),
            format!("hub.mode=publish&{topic}&hub.challenge=c"),
            format!("hub.mode=Subscribe&{topic}&hub.challenge=c"),
            format!("hub.mode=subscribe&hub.mode=unsubscribe&{topic}&hub.challenge=c"),
            format!("hub.mode=subscribe&{topic}&{topic}&hub.challenge=c"),
            "hub.mode=subscribe&hub.challenge=c".to_owned(),
        ] {
            check(bad, None, "");
        }
    }

    proptest! {
        #[test]
        fn any_query_is_read(query in "(hub\\.(mode|topic|challenge|reason|lease_seconds)|[=&%+a-z0-9]|subscribe|denied|.){0,30}") {
            if let Some(Question { intent: Intent::Denied { reason: Some(reason), .. }, .. }) = question(&query) {
                prop_assert!(reason.chars().count() <= REASON_CHARS_MAX && !reason.contains(char::is_control));
            }
        }
    }
}
