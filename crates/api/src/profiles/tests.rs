use std::path::Path;

use domain::Msat;
use lnd::Lightning;
use lnd::sim::SimNetwork;

use super::*;
use crate::Home;
use crate::vault::KeyringVault;
use crate::view::{Change, LinkView};

const PASSPHRASE: &str = "correct horse";

/// A certificate and a macaroon that can be read; the network in memory asks for neither.
fn input(address: &str) -> ConnectionInput {
    let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut macaroon = [7; 60];
    macaroon[0] = 2;
    ConnectionInput::Text {
        address: address.into(),
        cert: key.cert.pem(),
        macaroon: hex::encode(macaroon),
    }
}

/// Two nodes; `alice` and `bob` are the hosts that lead to them.
#[derive(Clone)]
struct World {
    alice: lnd::sim::SimNode,
    bob: lnd::sim::SimNode,
}

impl World {
    fn new() -> Self {
        let network = SimNetwork::new(1);
        let (alice, bob) = (network.node("alice"), network.node("bob"));
        network.channel(&alice, Msat::new(500_000_000), &bob, Msat::new(500_000_000));
        Self { alice, bob }
    }

    fn start(&self, home: &Path, vault: &KeyringVault) -> Messenger {
        let world = self.clone();
        let connector = move |credentials: Credentials| -> Arc<dyn Lightning> {
            Arc::new(match credentials.address.as_str() {
                "bob:1" => world.bob.clone(),
                _ => world.alice.clone(),
            })
        };
        Messenger::with_world(Home::at(home).unwrap(), Arc::new(vault.clone()), connector)
    }
}

async fn connected(app: &Messenger) {
    let mut changes = app.changes();
    while !matches!(
        app.node_view().await.unwrap().link,
        LinkView::Connected { .. }
    ) {
        changes.next().await.unwrap();
    }
}

fn code<T: std::fmt::Debug>(answer: Result<T, Error>) -> Code {
    answer.unwrap_err().code
}

#[tokio::test]
async fn the_first_run_leads_to_a_profile_that_opens_by_itself_next_time() {
    let (folder, world, keyring) = (
        tempfile::tempdir().unwrap(),
        World::new(),
        KeyringVault::in_memory(),
    );
    let app = world.start(folder.path(), &keyring);
    let mut changes = app.changes();
    assert!(matches!(app.app_state().await.unwrap(), AppView::FirstRun));
    let hints = app.connection_hints().await;
    assert_eq!(hints.secrets, SecretsPlace::Keyring);
    assert!(hints.bake_command.starts_with("lncli bakemacaroon "));
    assert_eq!(code(app.node_view().await), Code::NoProfile);

    let report = app.connection_check(input("alice:1")).await.unwrap();
    assert_eq!(report.node.alias, "alice");
    assert_eq!(report.node.local_balance, Msat::new(500_000_000));
    assert!(
        app.profiles_list().await.unwrap().is_empty(),
        "a check saves nothing"
    );

    let profile = app
        .profile_create(input("alice:1"), String::new(), None)
        .await
        .unwrap();
    assert_eq!((profile.name.as_str(), profile.open), ("alice", true));
    assert_eq!(profile.node, world.alice.id().to_string());
    assert_eq!(changes.next().await, Some(Change::App));
    connected(&app).await;
    let node = app.node_view().await.unwrap();
    assert_eq!(node.summary.unwrap().alias, "alice");
    assert_eq!(node.address, "alice:1");
    app.stop().await;
    drop(app);

    let app = world.start(folder.path(), &keyring);
    let AppView::Open { profile: again } = app.app_state().await.unwrap() else {
        panic!("not open")
    };
    assert_eq!(again, profile);
    app.stop().await;
}

#[tokio::test]
async fn behind_a_passphrase_it_stays_locked_until_the_right_one_comes() {
    let (folder, world, keyring) = (
        tempfile::tempdir().unwrap(),
        World::new(),
        KeyringVault::in_memory(),
    );
    let app = world.start(folder.path(), &keyring);
    let short = app
        .profile_create(input("alice:1"), "me".into(), Some("short".into()))
        .await;
    assert_eq!(code(short), Code::PassphraseShort);
    let made = app.profile_create(input("alice:1"), "me".into(), Some(PASSPHRASE.into()));
    let id = made.await.unwrap().id;
    app.stop().await;
    drop(app);

    let app = world.start(folder.path(), &keyring);
    for _ in 0..2 {
        let state = app.app_state().await.unwrap();
        let AppView::Locked {
            profile,
            needs: VaultNeed::Passphrase,
        } = state
        else {
            panic!("{state:?}")
        };
        assert_eq!(profile.id, id);
    }
    assert_eq!(
        code(app.profile_open(id.clone(), None).await),
        Code::PassphraseNeeded
    );
    let wrong = app
        .profile_open(id.clone(), Some("wrong horse".into()))
        .await;
    assert_eq!(code(wrong), Code::PassphraseWrong);
    assert_eq!(
        code(app.profile_reconnect(id.clone(), input("alice:1")).await),
        Code::ProfileClosed
    );
    app.profile_open(id.clone(), Some(PASSPHRASE.into()))
        .await
        .unwrap();
    // While it is open, its vault is known: a new address needs no passphrase.
    let moved = app
        .profile_reconnect(id.clone(), input("alice:2"))
        .await
        .unwrap();
    assert_eq!(moved.address, "alice:2");
    app.stop().await;
    let opened = app.profile_open(id, Some(PASSPHRASE.into())).await.unwrap();
    assert_eq!(opened.address, "alice:2");
    app.stop().await;
}

#[tokio::test]
async fn a_lost_key_is_told_and_never_replaced() {
    let (folder, world, keyring) = (
        tempfile::tempdir().unwrap(),
        World::new(),
        KeyringVault::in_memory(),
    );
    let app = world.start(folder.path(), &keyring);
    let id = app
        .profile_create(input("alice:1"), "me".into(), None)
        .await
        .unwrap()
        .id;
    let contact = app
        .contact_add(world.bob.id().to_string(), "Bob".into())
        .await
        .unwrap();
    app.stop().await;
    let secrets = keyring.read(&id).await.unwrap();
    keyring.remove(&id).await.unwrap();

    assert_eq!(
        code(app.profile_open(id.clone(), None).await),
        Code::KeyMissing
    );
    assert_eq!(code(app.app_state().await), Code::KeyMissing);
    assert_eq!(
        code(app.profile_reconnect(id.clone(), input("alice:1")).await),
        Code::KeyMissing
    );
    let database = folder.path().join("profiles").join(&id).join("messages.db");
    let before = std::fs::read(&database).unwrap();

    let mut other = secrets.clone();
    other.database_key = [9; 32];
    keyring.write(&id, &other).await.unwrap();
    assert_eq!(
        code(app.profile_open(id.clone(), None).await),
        Code::DatabaseKeyWrong
    );
    assert_eq!(std::fs::read(&database).unwrap(), before);

    // Asking again is enough, once what was wrong has been put right.
    assert_eq!(code(app.app_state().await), Code::DatabaseKeyWrong);
    keyring.write(&id, &secrets).await.unwrap();
    assert!(matches!(
        app.app_state().await.unwrap(),
        AppView::Open { profile } if profile.id == id
    ));
    assert_eq!(
        app.conversation_get(contact).await.unwrap().contact.title,
        "Bob"
    );
    app.stop().await;
}

#[tokio::test]
async fn several_profiles_take_turns() {
    let (folder, world, keyring) = (
        tempfile::tempdir().unwrap(),
        World::new(),
        KeyringVault::in_memory(),
    );
    let app = world.start(folder.path(), &keyring);
    let alice = app
        .profile_create(input("alice:1"), "Home".into(), None)
        .await
        .unwrap();
    let twin = app
        .profile_create(input("alice:1"), "Twin".into(), None)
        .await
        .unwrap_err();
    assert_eq!(
        (twin.code, twin.detail),
        (Code::ProfileExists, Some(alice.id.clone()))
    );
    app.contact_add(world.bob.id().to_string(), "Bob".into())
        .await
        .unwrap();

    let bob = app
        .profile_create(input("bob:1"), "Shop".into(), None)
        .await
        .unwrap();
    let all = || async {
        app.conversations_list(crate::view::ConversationFilter::All, String::new())
            .await
    };
    assert!(
        all().await.unwrap().is_empty(),
        "each profile has its own contacts"
    );
    app.profile_open(alice.id.clone(), None).await.unwrap();
    assert_eq!(all().await.unwrap().len(), 1);

    app.profile_rename(bob.id.clone(), "  The\nshop ".into())
        .await
        .unwrap();
    let listed = app.profiles_list().await.unwrap();
    let names: Vec<_> = listed.iter().map(|p| (p.name.as_str(), p.open)).collect();
    assert_eq!(names, [("Home", true), ("The shop", false)]);
    assert_eq!(
        code(app.profile_rename(bob.id.clone(), "x".repeat(65)).await),
        Code::NameTooLong
    );

    let strange = app
        .profile_reconnect(alice.id.clone(), input("bob:1"))
        .await;
    assert_eq!(code(strange), Code::OtherNode);

    app.profile_remove(alice.id.clone(), false).await.unwrap();
    assert!(!folder.path().join("profiles").join(&alice.id).exists());
    assert_eq!(keyring.read(&alice.id).await, Err(VaultError::Missing));
    assert_eq!(
        code(app.profile_open(alice.id, None).await),
        Code::UnknownProfile
    );
    let AppView::Open { profile } = app.app_state().await.unwrap() else {
        panic!("the other one")
    };
    assert_eq!(profile.id, bob.id);
    app.stop().await;
}

#[tokio::test]
async fn nothing_stays_of_a_profile_that_could_not_be_made() {
    let (folder, world) = (tempfile::tempdir().unwrap(), World::new());
    let app = world.start(folder.path(), &KeyringVault::absent());
    assert!(matches!(app.app_state().await.unwrap(), AppView::FirstRun));
    assert_eq!(
        app.connection_hints().await.secrets,
        SecretsPlace::Passphrase
    );
    let refused = app
        .profile_create(input("alice:1"), "me".into(), None)
        .await;
    assert_eq!(code(refused), Code::PassphraseNeeded);
    assert_eq!(
        std::fs::read_dir(folder.path().join("profiles"))
            .unwrap()
            .count(),
        0
    );
    app.profile_create(input("alice:1"), "me".into(), Some(PASSPHRASE.into()))
        .await
        .unwrap();
    app.stop().await;
}

#[tokio::test]
async fn each_mistake_in_the_input_has_its_code() {
    let (folder, world, keyring) = (
        tempfile::tempdir().unwrap(),
        World::new(),
        KeyringVault::in_memory(),
    );
    let app = world.start(folder.path(), &keyring);
    let ConnectionInput::Text {
        address,
        cert,
        macaroon,
    } = input("alice:1")
    else {
        panic!()
    };
    let text = |address: &str, cert: &str, macaroon: &str| ConnectionInput::Text {
        address: address.into(),
        cert: cert.into(),
        macaroon: macaroon.into(),
    };
    let missing = folder.path().join("tls.cert").to_str().unwrap().to_owned();
    for (input, expected) in [
        (
            ConnectionInput::Link {
                link: "https://example.com".into(),
            },
            Code::LinkInvalid,
        ),
        (text("alice:0", &cert, &macaroon), Code::AddressInvalid),
        (
            text(&address, "no certificate", &macaroon),
            Code::CertificateInvalid,
        ),
        (text(&address, &cert, "zz"), Code::MacaroonInvalid),
        (
            ConnectionInput::Files {
                address: address.clone(),
                cert_path: missing.clone(),
                macaroon_path: missing.clone(),
            },
            Code::FileUnreadable,
        ),
    ] {
        let error = app.connection_check(input).await.unwrap_err();
        assert_eq!(error.code, expected);
        assert!(error.detail.is_some(), "{error:?}");
    }
    std::fs::write(&missing, &cert).unwrap();
    let macaroon_path = folder
        .path()
        .join("app.macaroon")
        .to_str()
        .unwrap()
        .to_owned();
    std::fs::write(&macaroon_path, hex::decode(&macaroon).unwrap()).unwrap();
    let files = ConnectionInput::Files {
        address,
        cert_path: missing,
        macaroon_path,
    };
    assert_eq!(
        app.connection_check(files).await.unwrap().node.alias,
        "alice"
    );

    world.alice.stop();
    let error = app.connection_check(input("alice:1")).await.unwrap_err();
    assert_eq!(error.code, Code::Refused, "{error:?}");
}

#[tokio::test]
async fn with_a_passphrase_file_new_secrets_go_behind_it() {
    let (folder, world) = (tempfile::tempdir().unwrap(), World::new());
    let home = Home::at(folder.path()).unwrap();
    let vault = PassphraseVault::new(home.profiles(), Passphrase::new(PASSPHRASE.into()));
    let alice = world.alice.clone();
    let app = Messenger::with_world(home, Arc::new(vault), move |_| Arc::new(alice.clone()));
    assert_eq!(
        app.connection_hints().await.secrets,
        SecretsPlace::PassphraseFile
    );
    app.profile_create(input("alice:1"), "me".into(), None)
        .await
        .unwrap();
    app.stop().await;
}

/// A profile that was made, used and closed: its home, vault and id.
async fn closed_profile(
    world: &World,
    passphrase: Option<&str>,
) -> (tempfile::TempDir, KeyringVault, String) {
    let (folder, keyring) = (tempfile::tempdir().unwrap(), KeyringVault::in_memory());
    let app = world.start(folder.path(), &keyring);
    let passphrase = passphrase.map(str::to_owned);
    let made = app.profile_create(input("alice:1"), String::new(), passphrase);
    let id = made.await.unwrap().id;
    app.stop().await;
    (folder, keyring, id)
}

#[tokio::test]
async fn lost_messages_are_told_and_replaced_by_none_only_when_the_user_says_so() {
    let world = World::new();
    let (folder, keyring, id) = closed_profile(&world, None).await;
    let database = folder.path().join("profiles").join(&id).join("messages.db");
    let backup = std::fs::read(&database).unwrap();
    std::fs::remove_file(&database).unwrap();
    let app = world.start(folder.path(), &keyring);

    let refused = app.profile_open(id.clone(), None).await.unwrap_err();
    assert_eq!(format!("{:?}", refused.code), "DatabaseMissing");
    assert!(refused.detail.unwrap().ends_with("messages.db"));
    assert_eq!(
        format!("{:?}", code(app.app_state().await)),
        "DatabaseMissing"
    );
    assert!(!database.exists());

    // A backup that is put back is opened; what is there is never replaced.
    std::fs::write(&database, &backup).unwrap();
    assert!(matches!(app.app_state().await, Ok(AppView::Open { .. })));
    assert_eq!(
        code(app.profile_start_empty(id.clone(), None).await),
        Code::NotNow
    );
    app.stop().await;

    std::fs::remove_file(&database).unwrap();
    app.profile_start_empty(id, None).await.unwrap();
    assert!(database.exists());
    app.stop().await;
}

#[tokio::test]
async fn a_damaged_file_of_keys_is_named() {
    let world = World::new();
    let (folder, keyring, id) = closed_profile(&world, Some(PASSPHRASE)).await;
    let file = folder
        .path()
        .join("profiles")
        .join(&id)
        .join("secrets.sealed");
    std::fs::write(&file, b"HELIOVLT").unwrap();
    let app = world.start(folder.path(), &keyring);
    let opened = app.profile_open(id, Some(PASSPHRASE.into())).await;
    let refused = opened.unwrap_err();
    assert_eq!(format!("{:?}", refused.code), "SecretsDamaged");
    assert!(refused.detail.unwrap().starts_with("secrets.sealed"));
    app.stop().await;
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_read_a_profile_even_one_that_was_copied_here() {
    use std::os::unix::fs::PermissionsExt;
    let world = World::new();
    let (folder, keyring, id) = closed_profile(&world, None).await;
    let profile = folder.path().join("profiles").join(&id);
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let set = |path: &Path, mode| {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap()
    };
    assert_eq!(mode(&profile.join("messages.db")), 0o600);
    set(&profile, 0o755);
    set(&profile.join("messages.db"), 0o644);

    let app = world.start(folder.path(), &keyring);
    app.app_state().await.unwrap();
    for file in ["messages.db", "messages.db-wal", "messages.db-shm"] {
        assert_eq!(mode(&profile.join(file)), 0o600, "{file}");
    }
    assert_eq!(mode(&profile), 0o700);
    app.stop().await;
}

#[tokio::test]
async fn a_profile_whose_keys_payments_wait_for_is_removed_by_a_second_word_only() {
    let world = World::new();
    let (folder, keyring, id) = closed_profile(&world, None).await;
    let database = folder.path().join("profiles").join(&id).join("messages.db");
    let key = DatabaseKey::new(keyring.read(&id).await.unwrap().database_key);
    let store = Store::open_existing(&database, &key).unwrap();
    let preimage = domain::Preimage::new([7; 32]);
    let issued = store::Issued {
        hash: preimage.payment_hash(),
        preimage,
        node: world.alice.id(),
        request: [1; 16],
        amount: Msat::SAT,
        created_at: Timestamp(0),
        expires_at: Timestamp(1),
    };
    store.write(move |tx| tx.issue(&issued)).await.unwrap();
    store.close().await.unwrap();

    let app = world.start(folder.path(), &keyring);
    let refused = app.profile_remove(id.clone(), false).await.unwrap_err();
    assert_eq!(refused.code, Code::PaymentsWait);
    assert_eq!(refused.detail.as_deref(), Some("1"));
    assert!(database.exists() && keyring.read(&id).await.is_ok());

    app.profile_remove(id.clone(), true).await.unwrap();
    assert!(!database.exists());
    app.stop().await;
}

#[tokio::test]
async fn whether_payments_wait_behind_a_closed_passphrase_is_asked_before_removing() {
    let world = World::new();
    let (folder, keyring, id) = closed_profile(&world, Some(PASSPHRASE)).await;
    let app = world.start(folder.path(), &keyring);
    let refused = app.profile_remove(id.clone(), false).await.unwrap_err();
    assert_eq!((refused.code, refused.detail), (Code::PaymentsWait, None));
    app.profile_remove(id.clone(), true).await.unwrap();
    assert!(!folder.path().join("profiles").join(&id).exists());
    app.stop().await;
}
