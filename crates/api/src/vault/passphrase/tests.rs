use super::*;

fn secrets() -> Secrets {
    Secrets {
        database_key: [7; 32],
        address: "127.0.0.1:10009".into(),
        certificate: vec![1, 2, 3],
        macaroon: vec![4, 5, 6],
    }
}

fn vault(folder: &Path, passphrase: &str) -> PassphraseVault {
    PassphraseVault::new(folder.to_owned(), Passphrase::new(passphrase.into()))
}

fn profiles() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for profile in ["a", "b"] {
        std::fs::create_dir(folder.path().join(profile)).unwrap();
    }
    folder
}

#[tokio::test]
async fn the_right_passphrase_opens_it_and_a_wrong_one_does_not() {
    let folder = profiles();
    let right = vault(folder.path(), "correct horse");
    assert_eq!(right.read("a").await, Err(VaultError::Missing));
    right.write("a", &secrets()).await.unwrap();
    assert_eq!(right.read("a").await, Ok(secrets()));
    let wrong = vault(folder.path(), "correct horse ");
    assert_eq!(wrong.read("a").await, Err(VaultError::WrongPassphrase));
    right.remove("a").await.unwrap();
    assert_eq!(right.read("a").await, Err(VaultError::Missing));
}

#[tokio::test]
async fn the_file_holds_no_secret_and_belongs_to_its_profile() {
    let folder = profiles();
    let vault = vault(folder.path(), "correct horse");
    vault.write("a", &secrets()).await.unwrap();
    let bytes = std::fs::read(vault.file("a")).unwrap();
    assert!(!bytes.windows(9).any(|part| part == b"127.0.0.1"));
    assert!(
        !bytes
            .windows(16)
            .any(|part| part == &hex::encode([7; 8]).as_bytes()[..16])
    );

    std::fs::copy(vault.file("a"), vault.file("b")).unwrap();
    assert_eq!(vault.read("b").await, Err(VaultError::WrongPassphrase));
}

#[tokio::test]
async fn two_writings_share_neither_salt_nor_nonce() {
    let folder = profiles();
    let vault = vault(folder.path(), "correct horse");
    vault.write("a", &secrets()).await.unwrap();
    let first = std::fs::read(vault.file("a")).unwrap();
    vault.write("a", &secrets()).await.unwrap();
    let second = std::fs::read(vault.file("a")).unwrap();
    assert_eq!(first[..21], second[..21]);
    assert_ne!(first[21..37], second[21..37]);
    assert_ne!(first[37..61], second[37..61]);
}

#[test]
fn damage_is_told_from_a_wrong_passphrase() {
    let vault = vault(Path::new("unused"), "correct horse");
    let good = vault.seal("a", &secrets()).unwrap();
    assert_eq!(vault.unseal("a", &good), Ok(secrets()));
    let damaged = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        vault.unseal("a", &bytes).unwrap_err()
    };
    assert!(matches!(
        damaged(|bytes| bytes.truncate(60)),
        VaultError::Damaged(_)
    ));
    assert!(matches!(
        damaged(|bytes| bytes[0] = 0),
        VaultError::Damaged(_)
    ));
    assert!(matches!(
        damaged(|bytes| bytes[8] = 2),
        VaultError::Damaged(_)
    ));
    assert!(
        matches!(damaged(|bytes| bytes[9] = 0xff), VaultError::Damaged(_)),
        "4 TiB of memory"
    );
    assert_eq!(
        damaged(|bytes| *bytes.last_mut().unwrap() ^= 1),
        VaultError::WrongPassphrase
    );
}

#[test]
fn a_passphrase_is_not_printed_and_is_a_files_first_line() {
    let passphrase = Passphrase::new("correct horse".into());
    assert!(!format!("{passphrase:?}").contains("horse"));
    assert!(passphrase.is_long_enough());
    assert!(!Passphrase::new("horse".into()).is_long_enough());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("passphrase");
    std::fs::write(&path, "correct horse\nmore\n").unwrap();
    assert_eq!(Passphrase::from_file(&path).unwrap(), passphrase);
    let missing = Passphrase::from_file(&folder.path().join("none")).unwrap_err();
    assert_eq!(missing.code, Code::FileUnreadable);
}
