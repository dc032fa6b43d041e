use std::sync::Mutex;

use super::*;

fn secrets(byte: u8) -> Secrets {
    Secrets {
        database_key: [byte; 32],
        address: "127.0.0.1:10009".into(),
        certificate: vec![1, 2, 3],
        macaroon: vec![4, 5, 6],
    }
}

#[tokio::test]
async fn each_profile_has_its_own_entry() {
    let vault = KeyringVault::in_memory();
    assert!(vault.available().await);
    vault.write("a", &secrets(1)).await.unwrap();
    vault.write("b", &secrets(2)).await.unwrap();
    vault.write("a", &secrets(3)).await.unwrap();
    assert_eq!(vault.read("a").await, Ok(secrets(3)));
    assert_eq!(vault.read("b").await, Ok(secrets(2)));
    vault.remove("a").await.unwrap();
    vault.remove("a").await.unwrap();
    assert_eq!(vault.read("a").await, Err(VaultError::Missing));
    assert_eq!(vault.read("b").await, Ok(secrets(2)));
}

#[tokio::test]
async fn a_keyring_that_does_not_answer_is_asked_again_later() {
    let there = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&there);
    let vault = KeyringVault::over(move || {
        if !*seen.lock().unwrap() {
            return Err(KeyringError::NoStorageAccess("nobody answers".into()));
        }
        let store: Arc<CredentialStore> = keyring_core::mock::Store::new()?;
        Ok(store)
    });
    assert!(!vault.available().await);
    assert!(matches!(vault.read("a").await, Err(VaultError::Locked(_))));
    *there.lock().unwrap() = true;
    assert!(vault.available().await);
    assert_eq!(vault.read("a").await, Err(VaultError::Missing));
}
