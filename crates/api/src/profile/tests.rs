use super::*;

const NODE: &str = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

fn profile(id: &str, opened_at: i64) -> Profile {
    Profile {
        id: id.into(),
        name: "alice".into(),
        node: NODE.parse().unwrap(),
        address: "127.0.0.1:10009".into(),
        vault: VaultKind::Passphrase,
        opened_at: Timestamp(opened_at),
    }
}

#[test]
fn profiles_are_listed_by_their_last_use() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = Profiles::new(folder.path().to_owned());
    let ids: Vec<String> = (0..3)
        .map(|_| profiles.new_folder(&mut rand::rng()).unwrap())
        .collect();
    for (id, opened_at) in ids.iter().zip([10, 30, 20]) {
        profiles.save(&profile(id, opened_at)).unwrap();
    }
    // Neither a folder without a profile nor a stray file is one.
    profiles.new_folder(&mut rand::rng()).unwrap();
    std::fs::write(folder.path().join("lost+found"), b"").unwrap();
    let listed: Vec<String> = profiles.list().unwrap().into_iter().map(|p| p.id).collect();
    assert_eq!(listed, [ids[1].clone(), ids[2].clone(), ids[0].clone()]);

    profiles.delete(&ids[1]).unwrap();
    assert_eq!(
        profiles.get(&ids[1]).unwrap_err().code,
        Code::UnknownProfile
    );
    assert!(!folder.path().join(&ids[1]).exists());
}

#[test]
fn an_id_is_never_a_path() {
    let folder = tempfile::tempdir().unwrap();
    let profiles = Profiles::new(folder.path().join("profiles"));
    std::fs::write(folder.path().join("profile.json"), b"{}").unwrap();
    for id in [
        "..",
        "",
        "/",
        "../profiles/0123456789abcdef",
        "0123456789ABCDEF",
    ] {
        assert_eq!(
            profiles.get(id).unwrap_err().code,
            Code::UnknownProfile,
            "{id}"
        );
        assert_eq!(
            profiles.delete(id).unwrap_err().code,
            Code::UnknownProfile,
            "{id}"
        );
    }
    assert!(folder.path().join("profile.json").exists());
}
