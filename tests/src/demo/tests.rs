use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Wishes> {
    Wishes::read(|name| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn without_wishes_alice_and_carol_come() {
    let wishes = read(&[("STORY", ""), ("SHOT", "")]).unwrap();
    assert_eq!(wishes.people, ["alice", "carol"]);
    assert!(!wishes.story && !wishes.shot && wishes.themes.is_empty());
}

#[test]
fn wishes_are_understood_or_refused() {
    let wishes = read(&[
        ("PEOPLE", " alice  dave"),
        ("STORY", "1"),
        ("THEME", "dark"),
    ])
    .unwrap();
    assert_eq!(wishes.people, ["alice", "dave"]);
    assert!(wishes.story && wishes.themes == ["dark"]);
    for wrong in [
        ("PEOPLE", "alice mallory"),
        ("PEOPLE", "bob bob"),
        ("SHOT", "yes"),
        ("THEME", "red"),
    ] {
        assert!(read(&[wrong]).is_err(), "{wrong:?}");
    }
}
