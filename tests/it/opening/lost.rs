//! What is lost for good is named, and what of it is listed still comes back.

use std::collections::BTreeSet;

use super::*;

const SMALL_SEGMENTS: &[(&str, &str)] = &[("NASHRA_LIMITS", "journal.segment=4096")];

fn ids(home: &Home) -> BTreeSet<String> {
    let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    entries(home, "ids").lines().map(id).collect()
}

#[test]
fn what_was_lost_comes_back_where_it_is_listed_still() {
    let home = stocked();
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[store]\n", "[fetch]\nmin_interval = \"0s\"\n[store]\n"));
    let (state, before) = (home.path("state"), ids(&home));
    let poll = || {
        let output = home.run_with(&["poll", "--once"], SMALL_SEGMENTS);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let early = files(&state);
    // All sources say that nothing is new, and that is all that remains.
    poll();
    poll();
    early
        .iter()
        .filter(|name| !name.starts_with("db"))
        .for_each(|name| fs::remove_file(state.join(name)).unwrap());
    fs::remove_dir_all(state.join("db")).unwrap();
    assert!(ids(&home).is_empty());
    assert!(!repairs(&home)[0]["lost"].as_array().unwrap().is_empty());
    poll();
    assert_eq!(ids(&home), before);
}

#[test]
fn that_everything_is_lost_is_told() {
    let home = stocked();
    let config = fs::read_to_string(home.path("feeds.toml")).unwrap();
    home.write("feeds.toml", &config.replace("[server]\n", "[server]\nadmin = \"127.0.0.1:0\"\n"));
    assert!(home.start().stop().success());
    for name in ["db", "journal", "snapshots"] {
        fs::remove_dir_all(home.path("state").join(name)).unwrap();
    }
    let daemon = home.start();
    let told = String::from_utf8(ask_at(daemon.admin.unwrap(), "GET", "/admin.atom", &[]).body).unwrap();
    assert!(told.contains("all that was stored"), "{told}");
    assert_eq!(repairs(&home).len(), 1);
    assert!(daemon.stop().success());
    assert!(home.run(&["entries"]).status.success());
    assert_eq!(repairs(&home).len(), 1);
}
