//! Two people in a network in memory, seen through the commands of the window.

use std::time::Duration;

use domain::{
    ConversationId, DeliveryState, Direction, HoldState, MessageKey, MessageKind, Msat,
    ReturnMeaning, Timestamp, Trust,
};
use lnd::sim::{SimNetwork, SimNode};

use super::*;
use crate::vault::KeyringVault;
use crate::view::{
    ConnectionInput, ConversationFilter, CostsView, MessageView, PageAt, PostageView, SaysView,
    SendRequest, Settings, TotalsView,
};

/// The network has a time of its own.
struct NetworkClock(SimNetwork);

impl Clock for NetworkClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

struct Person {
    app: Messenger,
    node: SimNode,
    _folder: tempfile::TempDir,
}

impl Person {
    async fn new(network: &SimNetwork, node: SimNode) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port: Arc<dyn Lightning> = Arc::new(node.clone());
        let vault = Arc::new(KeyringVault::in_memory());
        let home = Home::at(folder.path()).unwrap();
        let clock = Arc::new(NetworkClock(network.clone()));
        let connector = move |_| Arc::clone(&port);
        let app = Messenger::with_world_and_clock(home, vault, connector, clock);
        let certificate = rcgen::generate_simple_self_signed(["node".to_owned()]).unwrap();
        let mut macaroon = [7; 60];
        macaroon[0] = 2;
        let input = ConnectionInput::Text {
            address: "node:10009".into(),
            cert: certificate.cert.pem(),
            macaroon: hex::encode(macaroon),
        };
        app.profile_create(input, String::new(), None)
            .await
            .unwrap();
        Self {
            app,
            node,
            _folder: folder,
        }
    }

    fn key(&self) -> String {
        self.node.id().to_string()
    }

    async fn add(&self, other: &Self, name: &str) -> ConversationId {
        self.app
            .contact_add(other.key(), name.into())
            .await
            .unwrap()
    }

    async fn send(&self, to: ConversationId, text: &str, sats: u64) -> MessageKey {
        self.app
            .message_send(request(to, text, sats))
            .await
            .unwrap()
    }

    /// Asks again after every change until there is an answer.
    async fn until<T>(&self, mut ask: impl AsyncFnMut(&Messenger) -> Option<T>) -> T {
        let mut changes = self.app.changes();
        let asking = async {
            loop {
                if let Some(answer) = ask(&self.app).await {
                    return answer;
                }
                changes.next().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(60), asking)
            .await
            .expect("it never came")
    }

    async fn sent(&self, key: MessageKey, state: DeliveryState) -> MessageView {
        self.until(async |app| {
            let message = app.message_get(key).await.unwrap();
            let there = message
                .delivery
                .as_ref()
                .is_some_and(|delivery| delivery.state == state);
            there.then_some(message)
        })
        .await
    }

    async fn received(&self, text: &str, state: HoldState) -> MessageView {
        self.until(async |app| {
            for filter in [ConversationFilter::All, ConversationFilter::Requests] {
                for row in app.conversations_list(filter, String::new()).await.unwrap() {
                    let page = app.messages_page(row.id, PageAt::End, 50).await.unwrap();
                    let found = page.messages.into_iter().find(|message| {
                        message.text == text
                            && message.direction == Direction::Incoming
                            && message
                                .hold
                                .as_ref()
                                .is_some_and(|hold| hold.state == state)
                    });
                    if found.is_some() {
                        return found;
                    }
                }
            }
            None
        })
        .await
    }
}

fn request(conversation: ConversationId, text: &str, sats: u64) -> SendRequest {
    SendRequest {
        conversation,
        text: text.into(),
        payment: Msat::from_sat(sats).unwrap(),
        fee_limit: None,
        way: domain::Way::Auto,
        reply_to: None,
    }
}

/// Alice holds keysends, Carol settles them; both know each other.
async fn two() -> (Person, ConversationId, Person, ConversationId) {
    let network = SimNetwork::new(1);
    let (alice, carol) = (network.node("alice"), network.node("carol"));
    let bob = network.node("bob");
    alice.set_hold(Duration::from_secs(900));
    // Bob passes no onions on: everything goes as a payment.
    bob.set_onion(false);
    bob.set_fees(Msat::ZERO, 0);
    let half = Msat::new(500_000_000);
    network.channel(&alice, half, &bob, half);
    network.channel(&bob, half, &carol, half);
    let (alice, carol) = (
        Person::new(&network, alice).await,
        Person::new(&network, carol).await,
    );
    let (to_carol, to_alice) = (
        alice.add(&carol, "Carol").await,
        carol.add(&alice, "Alice").await,
    );
    // The first messages introduce the two: from then on everything is sealed.
    let hello = alice.send(to_carol, "hello", 0).await;
    alice.sent(hello, DeliveryState::Settled).await;
    carol.received("hello", HoldState::Settled).await;
    // carol's node has kept alice's postage; it goes back with the answer.
    let hello = carol.send(to_alice, "hello you", 0).await;
    carol.sent(hello, DeliveryState::Settled).await;
    alice.received("hello you", HoldState::Settled).await;
    (alice, to_carol, carol, to_alice)
}

#[tokio::test]
async fn a_held_payment_is_accepted_or_refused() {
    let (alice, to_carol, carol, to_alice) = two().await;
    let paid = carol.send(to_alice, "for the book", 2_100).await;
    let held = alice.received("for the book", HoldState::Held).await;
    let hold = held.hold.as_ref().unwrap();
    assert_eq!(
        (held.kind, held.payment),
        (MessageKind::Payment, Msat::new(2_100_000))
    );
    assert!(hold.deadline.is_some() && !hold.postage && !hold.can_pay_back);
    let waiting = alice
        .app
        .conversations_list(ConversationFilter::Held, String::new())
        .await;
    assert_eq!(
        waiting.unwrap().first().map(|row| (row.id, row.held)),
        Some((to_carol, 1))
    );

    alice.app.payment_accept(held.key).await.unwrap();
    alice.app.payment_accept(held.key).await.unwrap();
    alice.received("for the book", HoldState::Settled).await;
    let settled = carol
        .sent(paid, DeliveryState::Settled)
        .await
        .delivery
        .unwrap();
    assert_eq!(settled.paid, Msat::new(2_100_000), "bob asks no fee");
    let late = alice.app.payment_refuse(held.key).await.unwrap_err();
    assert_eq!(
        (late.code, late.detail.as_deref()),
        (Code::NotNow, Some("settled"))
    );

    let refused = carol.send(to_alice, "a gift", 700).await;
    let held = alice.received("a gift", HoldState::Held).await;
    alice.app.payment_refuse(held.key).await.unwrap();
    let back = carol
        .sent(refused, DeliveryState::Returned)
        .await
        .delivery
        .unwrap();
    assert_eq!(
        (back.paid, back.returned),
        (Msat::ZERO, Some(ReturnMeaning::Declined))
    );
}

#[tokio::test]
async fn a_settled_payment_is_paid_back_once_and_both_sides_see_the_link() {
    let (alice, to_carol, carol, _) = two().await;
    let paid = alice.send(to_carol, "too much", 5_000).await;
    alice.sent(paid, DeliveryState::Settled).await;
    let arrived = carol.received("too much", HoldState::Settled).await;
    assert!(arrived.hold.unwrap().can_pay_back);
    let quote = carol.app.payback_quote(arrived.key).await.unwrap();
    assert_eq!((quote.amount, quote.postage), (Msat::new(5_000_000), false));

    let carrier = carol.app.payment_pay_back(arrived.key, None).await.unwrap();
    let twice = carol
        .app
        .payment_pay_back(arrived.key, None)
        .await
        .unwrap_err();
    assert_eq!(twice.code, Code::AlreadyRefunded);
    let carrier = carol.sent(carrier, DeliveryState::Settled).await;
    assert_eq!(carrier.refund_of, Some(arrived.key));
    let original = carol.app.message_get(arrived.key).await.unwrap();
    let refund = original.refund.unwrap();
    assert_eq!((refund.message, refund.done), (carrier.key, true));
    assert!(!original.hold.unwrap().can_pay_back);

    let original = alice
        .until(async |app| {
            let message = app.message_get(paid).await.unwrap();
            message
                .refund
                .as_ref()
                .is_some_and(|refund| refund.done)
                .then_some(message)
        })
        .await;
    let came = alice
        .app
        .message_get(original.refund.unwrap().message)
        .await
        .unwrap();
    assert_eq!(came.refund_of, Some(paid));
    assert!(
        !came.hold.unwrap().can_pay_back,
        "a refund is never refunded"
    );
}

#[tokio::test]
async fn kept_postage_is_owed_by_whoever_has_it() {
    let (alice, to_carol, carol, to_alice) = two().await;
    let word = alice.send(to_carol, "one more word", 0).await;
    alice.sent(word, DeliveryState::Settled).await;
    carol.received("one more word", HoldState::Settled).await;

    let costs = alice.app.costs().await.unwrap();
    let owing = PostageView {
        they_owe: Msat::SAT,
        we_owe: Msat::ZERO,
    };
    assert_eq!(costs.postage, owing);
    let with_carol = alice.app.conversation_costs(to_carol).await.unwrap();
    assert_eq!(with_carol.postage, owing);
    assert_eq!(costs.contacts, [with_carol]);
    let theirs = carol.app.conversation_costs(to_alice).await.unwrap();
    let owed = PostageView {
        they_owe: Msat::ZERO,
        we_owe: Msat::SAT,
    };
    assert_eq!(theirs.postage, owed);
}

#[tokio::test]
async fn the_rows_of_the_costs_sum_to_the_total() {
    let (alice, to_carol, carol, _) = two().await;
    let paid = alice.send(to_carol, "for the book", 3).await;
    alice.sent(paid, DeliveryState::Settled).await;
    // A boost: nobody knows from whom.
    boost(&alice, &carol, Msat::new(21_007)).await;
    let costs = carol
        .until(async |app| {
            let costs = app.costs().await.unwrap();
            (costs.total.received == Msat::new(24_007)).then_some(costs)
        })
        .await;
    sums_agree(&costs);
    let nobody = costs.contacts.iter().find(|row| row.title.is_empty());
    let (nobody, node) = nobody.map(|row| (row.totals, row.node.clone())).unwrap();
    assert_eq!(nobody.received, Msat::new(21_007));
    assert_eq!(costs.others, TotalsView::default());

    // Who is removed leaves what they cost.
    carol.app.contact_remove(node).await.unwrap();
    let after = carol.app.costs().await.unwrap();
    sums_agree(&after);
    assert_eq!((after.total, after.others), (costs.total, nobody));
    carol.app.contact_remove(alice.key()).await.unwrap();
    let after = carol.app.costs().await.unwrap();
    assert_eq!((after.contacts.len(), after.others), (0, costs.total));
}

#[tokio::test]
async fn a_boost_is_shown_with_the_name_that_it_brings() {
    let (alice, _, carol, _) = two().await;
    boost(&alice, &carol, Msat::new(21_000)).await;
    let row = carol
        .until(async |app| {
            let all = app
                .conversations_list(ConversationFilter::All, String::new())
                .await;
            all.unwrap().into_iter().find(|row| row.contact.nobody)
        })
        .await;
    let last = row.last.unwrap();
    assert!(!last.authorship.is_proven());
    let says = SaysView {
        name: "Listener".into(),
        about: "Signals · Mirrors".into(),
    };
    assert_eq!(last.says.as_ref(), Some(&says), "in the list");
    let page = carol.app.messages_page(row.id, PageAt::End, 1).await;
    let [message] = page.unwrap().messages.try_into().unwrap();
    assert_eq!(message.says.as_ref(), Some(&says), "in the bubble");
    let details = carol.app.message_details(message.key).await.unwrap();
    assert_eq!(details.message, message);
}

/// A podcast listener's payment, signed by nobody.
async fn boost(from: &Person, to: &Person, amount: Msat) {
    let json =
        r#"{"action":"boost","sender_name":"Listener","podcast":"Signals","episode":"Mirrors"}"#;
    let keysend = lnd::Keysend {
        to: to.node.id(),
        amount,
        preimage: domain::Preimage::new([7; 32]),
        records: vec![(7_629_169, json.as_bytes().to_vec())],
        fee_limit: Msat::SAT,
        timeout_secs: 60,
        hints: Vec::new(),
    };
    // It goes by itself.
    drop(from.node.send(keysend).await.unwrap());
}

fn sums_agree(costs: &CostsView) {
    let rows = || {
        let contacts = costs.contacts.iter().map(|row| &row.totals);
        contacts.chain([&costs.others])
    };
    for (name, of) in AMOUNTS {
        let sum = Msat::checked_sum(rows().map(of)).unwrap();
        assert_eq!(sum, of(&costs.total), "{name}: {costs:?}");
    }
    let sent: u32 = rows().map(|totals| totals.messages_sent).sum();
    let received: u32 = rows().map(|totals| totals.messages_received).sum();
    assert_eq!(
        (sent, received),
        (costs.total.messages_sent, costs.total.messages_received)
    );
}

type Amount = fn(&TotalsView) -> Msat;

const AMOUNTS: [(&str, Amount); 9] = [
    ("sent", |totals| totals.sent),
    ("postage sent", |totals| totals.postage_sent),
    ("fees", |totals| totals.fees),
    ("received", |totals| totals.received),
    ("postage received", |totals| totals.postage_received),
    ("refunds sent", |totals| totals.refunds_sent),
    ("refunds received", |totals| totals.refunds_received),
    ("returned to us", |totals| totals.returned_to_us),
    ("returned by us", |totals| totals.returned_by_us),
];

#[tokio::test]
async fn details_costs_and_search_agree_with_what_happened() {
    let (alice, to_carol, carol, to_alice) = two().await;
    let key = alice.send(to_carol, "the lighthouse blinks", 3_000).await;
    let sent = alice.sent(key, DeliveryState::Settled).await;
    let arrived = carol
        .received("the lighthouse blinks", HoldState::Settled)
        .await;

    let details = alice.app.message_details(key).await.unwrap();
    assert_eq!(details.message, sent);
    let [attempt] = details.attempts.as_slice() else {
        panic!("{details:?}")
    };
    assert!(attempt.preimage.is_some() && attempt.record_bytes > 0);
    let theirs = carol.app.message_details(arrived.key).await.unwrap();
    assert_eq!(theirs.payment_hash.as_ref(), Some(&attempt.payment_hash));
    assert_eq!(theirs.id, details.id);
    assert!(theirs.attempts.is_empty() && theirs.record_bytes.is_some_and(|bytes| bytes > 0));

    let costs = alice.app.costs().await.unwrap();
    let [with_carol] = costs.contacts.as_slice() else {
        panic!("{costs:?}")
    };
    assert_eq!(
        (with_carol.conversation, with_carol.title.as_str()),
        (to_carol, "Carol")
    );
    assert_eq!(with_carol.totals, costs.total);
    assert_eq!(
        alice.app.conversation_costs(to_carol).await.unwrap(),
        *with_carol
    );
    assert_eq!(costs.total.sent, Msat::new(3_000_000));
    assert_eq!(
        costs.total.postage_sent,
        Msat::SAT,
        "the first hello, which carol's node kept"
    );
    assert_eq!(
        costs.total.postage_received,
        Msat::SAT,
        "which came back with carol's hello"
    );
    assert_eq!(costs.months.len(), 1);
    let theirs = carol.app.conversation_costs(to_alice).await.unwrap();
    assert_eq!(theirs.postage, PostageView::default(), "all came back");
    let theirs = theirs.totals;
    assert_eq!(theirs.received, Msat::new(3_000_000));
    assert_eq!(
        (theirs.postage_sent, theirs.postage_received),
        (Msat::SAT, Msat::SAT)
    );

    let hits = carol
        .app
        .search("lighthouse".into(), None, None, 10)
        .await
        .unwrap();
    let [hit] = hits.as_slice() else {
        panic!("{hits:?}")
    };
    assert_eq!((hit.message, hit.title.as_str()), (arrived.key, "Alice"));
    assert_eq!(hit.snippet.get(1).map(String::as_str), Some("lighthouse"));

    carol.app.message_delete(arrived.key).await.unwrap();
    assert_eq!(
        carol.app.message_get(arrived.key).await.unwrap_err().code,
        Code::NotFound
    );
    assert!(
        carol
            .app
            .search("lighthouse".into(), None, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        carol
            .app
            .message_delete(arrived.key)
            .await
            .unwrap_err()
            .code,
        Code::NotFound
    );
}

#[tokio::test]
async fn who_writes_first_is_a_request_until_let_in_or_blocked() {
    let network = SimNetwork::new(2);
    let (alice, carol) = (network.node("alice"), network.node("carol"));
    carol.set_hold(Duration::from_secs(900));
    let half = Msat::new(500_000_000);
    network.channel(&alice, half, &carol, half);
    let (alice, carol) = (
        Person::new(&network, alice).await,
        Person::new(&network, carol).await,
    );
    let to_carol = alice.add(&carol, "").await;
    alice.send(to_carol, "do you sell books?", 500).await;
    let held = carol.received("do you sell books?", HoldState::Held).await;

    let list = |filter| carol.app.conversations_list(filter, String::new());
    assert!(list(ConversationFilter::All).await.unwrap().is_empty());
    let requests = list(ConversationFilter::Requests).await.unwrap();
    assert_eq!(requests.first().map(|row| row.unread), Some(1));
    carol
        .app
        .conversation_seen(held.conversation)
        .await
        .unwrap();
    assert_eq!(
        carol
            .app
            .conversation_get(held.conversation)
            .await
            .unwrap()
            .unread,
        0
    );

    let busy = carol.app.contact_remove(alice.key()).await.unwrap_err();
    assert_eq!(busy.code, Code::Busy, "a payment waits for a decision");
    let stranger = carol
        .app
        .contact_set_trust(alice.key(), Trust::Request)
        .await
        .unwrap_err();
    assert_eq!(stranger.code, Code::SettingInvalid);
    // Blocking gives back what waits.
    carol
        .app
        .contact_set_trust(alice.key(), Trust::Blocked)
        .await
        .unwrap();
    carol
        .until(async |app| {
            let message = app.message_get(held.key).await.unwrap();
            (message.hold?.state == HoldState::Returned).then_some(())
        })
        .await;
    assert_eq!(list(ConversationFilter::Blocked).await.unwrap().len(), 1);
    let unheard = carol
        .app
        .message_send(request(held.conversation, "no", 0))
        .await
        .unwrap_err();
    assert_eq!(unheard.code, Code::Blocked);
    carol
        .app
        .contact_set_trust(alice.key(), Trust::Known)
        .await
        .unwrap();
    assert_eq!(list(ConversationFilter::All).await.unwrap().len(), 1);

    let mut changes = carol.app.changes();
    carol.app.contact_remove(alice.key()).await.unwrap();
    // News of what happened before may still be on their way.
    while changes.next().await.unwrap()
        != (Change::Removed {
            id: held.conversation,
        })
    {}
    assert_eq!(
        carol
            .app
            .contact_remove(alice.key())
            .await
            .unwrap_err()
            .code,
        Code::NotFound
    );
}

#[tokio::test]
async fn contacts_are_checked_named_and_found() {
    let (alice, to_carol, carol, _) = two().await;
    let add = |address: String| alice.app.contact_add(address, String::new());
    assert_eq!(add(alice.key()).await.unwrap_err().code, Code::ToSelf);
    let blocked = alice
        .app
        .contact_set_trust(alice.key(), Trust::Blocked)
        .await
        .unwrap_err();
    assert_eq!(blocked.code, Code::ToSelf);
    let mistyped = add(format!("{}x", &carol.key()[..65])).await.unwrap_err();
    assert_eq!(mistyped.code, Code::ContactInvalid);
    assert!(mistyped.detail.unwrap().contains("character 66"));

    let (key, sats) = (carol.key(), Msat::new(50_000));
    alice
        .app
        .contact_update(key, " Carol\u{7} C. ".into(), "met at sea".into(), sats)
        .await
        .unwrap();
    let contact = alice.app.conversation_get(to_carol).await.unwrap().contact;
    assert_eq!(
        (contact.title.as_str(), contact.note.as_str()),
        ("Carol  C.", "met at sea")
    );
    assert_eq!(contact.accept_up_to, sats);
    // Adding again keeps what is there.
    assert_eq!(alice.add(&carol, "").await, to_carol);
    assert_eq!(
        alice.app.conversation_get(to_carol).await.unwrap().contact,
        contact
    );
    for (query, found) in [("carol", 1), ("nobody", 0), (&carol.key()[..8], 1)] {
        let rows = alice
            .app
            .conversations_list(ConversationFilter::All, query.into())
            .await;
        assert_eq!(rows.unwrap().len(), found, "{query}");
    }
    let reach = alice.app.conversation_reach(to_carol).await.unwrap();
    assert!(reach.in_graph && !reach.peer);
    assert_eq!((reach.channels, reach.active_channels), (0, 0));
    let named = alice
        .until(async |app| {
            let contact = app.conversation_get(to_carol).await.unwrap().contact;
            (!contact.alias.is_empty()).then_some(contact)
        })
        .await;
    assert_eq!(named.alias, "carol");
}

#[tokio::test]
async fn settings_and_drafts_stay() {
    let (alice, to_carol, ..) = two().await;
    assert_eq!(alice.app.settings_get().await.unwrap(), Settings::default());
    let wanted = Settings {
        language: "zh-CN".into(),
        theme: "dark".into(),
        enter_sends: false,
        accept_bare: false,
        accept_readable_up_to: Msat::ZERO,
        read_receipts: false,
        fee_limit: Some(Msat::new(3_000)),
    };
    alice.app.settings_set(wanted.clone()).await.unwrap();
    let unknown = Settings {
        theme: "pink".into(),
        ..wanted.clone()
    };
    assert_eq!(
        alice.app.settings_set(unknown).await.unwrap_err().code,
        Code::SettingInvalid
    );
    alice
        .app
        .conversation_set_draft(to_carol, "dear".into())
        .await
        .unwrap();
    let quote = alice.app.quote(request(to_carol, "dear", 0)).await.unwrap();
    assert_eq!(quote.fee_limit, Msat::new(3_000));

    let profile = alice.app.profiles_list().await.unwrap().remove(0);
    alice.app.stop().await;
    alice.app.profile_open(profile.id, None).await.unwrap();
    assert_eq!(alice.app.settings_get().await.unwrap(), wanted);
    assert_eq!(
        alice.app.conversation_get(to_carol).await.unwrap().draft,
        "dear"
    );
    alice
        .app
        .settings_set(Settings {
            fee_limit: None,
            ..wanted
        })
        .await
        .unwrap();
    assert_eq!(alice.app.settings_get().await.unwrap().fee_limit, None);
}
