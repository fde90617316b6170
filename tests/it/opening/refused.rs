//! What no repair would help is left alone.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

/// Opening fails with this text; nothing is moved and nothing is mended.
fn check_refused(home: &Home, expected: &str) {
    let before = files(&home.path("state"));
    let output = home.run(&["entries"]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(expected), "{said}");
    assert_eq!(files(&home.path("state")), before);
    assert!(repairs(home).is_empty());
}

#[test]
fn somebody_elses_folder_is_left_alone() {
    let home = Home { folder: tempfile::tempdir().unwrap() };
    home.write("feeds.toml", &config());
    fs::create_dir_all(home.path("state/db")).unwrap();
    fs::write(home.path("state/db/letters.txt"), "dear").unwrap();
    check_refused(&home, "this folder holds something else");
}

#[test]
fn files_that_may_not_be_read_are_not_damaged() {
    let home = stocked();
    let file = home.path("state/db/db");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o0)).unwrap();
    if fs::File::open(&file).is_ok() {
        // Whoever is root may read everything.
        assert_eq!(entries(&home, "root").lines().count(), ROUNDS * PER_ROUND);
    } else {
        check_refused(&home, "ermission denied");
    }
}

/// What is left of a mending that did not come to its end is taken away, and the broken stores are not too many.
#[test]
fn mendings_leave_little() {
    let home = stocked();
    let expected = entries(&home, "before");
    for round in 0..5 {
        fs::create_dir_all(home.path("state/db.new")).unwrap();
        fs::write(home.path("state/db.new/db"), "half").unwrap();
        fs::write(home.path("state/db/conf"), format!("{round}")).unwrap();
        check_same(&entries(&home, "mended"), &expected, "mended");
        assert!(!home.path("state/db.new").exists());
    }
    let names = fs::read_dir(home.path("state"))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap());
    assert_eq!(names.filter(|name| name.starts_with("db.broken-")).count(), 3);
    assert_eq!(repairs(&home).len(), 5);
}

/// The process ended between moving the old one aside and putting the new one in its place.
#[test]
fn a_store_that_is_gone_is_made_anew() {
    let home = stocked();
    let expected = entries(&home, "before");
    fs::rename(home.path("state/db"), home.path("state/db.broken-20261126T000000Z")).unwrap();
    check_same(&entries(&home, "after"), &expected, "after");
    assert_eq!(repairs(&home)[0]["lost"], serde_json::json!([]));
}
