//! `/go/ID`: on to the source, and who is counted.

use std::sync::atomic::Ordering;

use super::doors::*;

const READER: &str = "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0\r\n";

/// The head of the answer, its body, and how many more readers were counted.
fn go(house: &House, line: &str, headers: &str) -> (String, usize) {
    let before = house.pages.read.load(Ordering::SeqCst);
    let answer = house.say(format!("{line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"));
    (answer, house.pages.read.load(Ordering::SeqCst) - before)
}

#[test]
fn an_entry_leads_to_its_source_and_counts_its_readers() {
    let house = House::open(patient());
    let (answer, counted) = go(&house, "GET /go/%D8%AE%D8%A8%D8%B1", READER);
    assert!(answer.starts_with("HTTP/1.1 302 Found\r\n"), "{answer}");
    for line in [
        "location: https://e.example/%D8%AE?a=1&b=2",
        "cache-control: no-store",
        "referrer-policy: strict-origin-when-cross-origin",
        "x-robots-tag: noindex, nofollow",
    ] {
        assert!(answer.contains(&format!("\r\n{line}\r\n")), "{line} in {answer}");
    }
    assert!(!answer.contains("set-cookie"), "{answer}");
    assert_eq!(counted, 1);
    let (answer, counted) = go(&house, "HEAD /go/%D8%AE%D8%A8%D8%B1", READER);
    assert!(answer.starts_with("HTTP/1.1 302 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    assert_eq!(counted, 0, "a HEAD reads nothing");
    for machine in ["", "User-Agent: Googlebot/2.1\r\n", &format!("{READER}Sec-Purpose: prefetch\r\n")] {
        let (answer, counted) = go(&house, "GET /go/%D8%AE%D8%A8%D8%B1", machine);
        assert!(answer.starts_with("HTTP/1.1 302 "), "{answer}");
        assert_eq!(counted, 0, "{machine}");
    }
}

#[test]
fn nothing_else_is_led_anywhere() {
    let house = House::open(patient());
    for (line, status) in [
        ("GET /go/none", 404),
        ("GET /go/", 404),
        ("GET /go", 404),
        ("GET /go/https://evil.example/", 404),
        ("GET /go/?url=https://evil.example/", 404),
        ("GET /go/impossible", 404),
        ("GET /go/%ff", 400),
        ("POST /go/%D8%AE%D8%A8%D8%B1", 405),
    ] {
        let (answer, _) = go(&house, line, READER);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {answer}");
        assert!(!answer.contains("location:") && !answer.contains("set-cookie"), "{line}: {answer}");
    }
}
