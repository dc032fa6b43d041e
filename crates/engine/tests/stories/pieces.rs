//! mallory sends parts by hand: in any order, twice, never all of them, and with a bomb inside.

use std::time::Duration;

use crate::people::eventually;
use crate::people::mallory::Stage;
use domain::{CAPS_OF_KNOWN, PARTS_KEPT, Trust};
use protocol::{Body, Letter, Packing, PartSet, Piece};
use sha2::{Digest, Sha256};
use store::Unfinished;

/// Words in which no two lines are the same.
fn lines(count: u32) -> String {
    (0..count)
        .map(|line| format!("{:x} ", line.wrapping_mul(2_654_435_761)))
        .collect()
}

impl Stage {
    fn letters(&mut self, text: &str, room: usize) -> Vec<Letter> {
        let letter = self.letter(Body::Text(text.into()));
        let letters = protocol::cut(&letter, room).unwrap();
        assert!(letters.len() > 2, "{}", letters.len());
        letters
    }

    /// One part of a text that is never sent in full, with so many bytes.
    fn a_part(&mut self, bytes: usize) -> Letter {
        let set = PartSet {
            count: 2,
            total: u32::try_from(bytes + 1).unwrap(),
            hash: [7; 32],
            packing: Packing::Plain,
        };
        let bytes = vec![1; bytes];
        self.letter(Body::Piece(Piece {
            set,
            index: 0,
            bytes,
        }))
    }

    async fn unfinished(&self) -> Vec<Unfinished> {
        let node = self.mallory().id();
        let read = self.alice.store.read(move |db| db.unfinished_of(node));
        read.await.unwrap()
    }

    async fn befriended(&self) {
        self.alice.befriend(self.mallory(), None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn parts_out_of_order_and_doubled_make_one_message_and_replays_none() {
    let mut stage = Stage::new().await;
    stage.befriended().await;
    let text = lines(300);
    let mut letters = stage.letters(&text, 600);
    letters.reverse();
    let half = letters.len() / 2;
    for letter in letters[..half].iter().chain(&letters) {
        stage.sends(letter).await;
    }
    let mallory = stage.mallory().clone();
    stage.alice.expect_message(&mallory, &text).await;

    for letter in &letters {
        stage.sends(letter).await;
    }
    assert_eq!(stage.heard().await, 1);
    assert_eq!(stage.unfinished().await, [], "a replay is not kept");
}

#[tokio::test(start_paused = true)]
async fn parts_survive_the_end_of_the_app() {
    let mut stage = Stage::new().await;
    stage.befriended().await;
    let text = lines(300);
    let letters = stage.letters(&text, 600);
    let (last, first) = letters.split_last().unwrap();
    for letter in first {
        stage.sends(letter).await;
    }
    assert_eq!(stage.unfinished().await[0].missing, 1);
    assert_eq!(stage.heard().await, 0, "nothing is shown yet");

    stage.alice.restart().await;
    // The app has to listen again first.
    stage.alice.has_a_card().await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    stage.sends(last).await;

    let mallory = stage.mallory().clone();
    stage.alice.expect_message(&mallory, &text).await;
}

#[tokio::test(start_paused = true)]
async fn the_first_cut_that_is_complete_is_the_message() {
    let mut stage = Stage::new().await;
    stage.befriended().await;
    let letter = stage.letter(Body::Text(lines(300)));
    let small = protocol::cut(&letter, 500).unwrap();
    let large = protocol::cut(&letter, 1_000).unwrap();
    stage.sends(&small[0]).await;
    for letter in &large {
        stage.sends(letter).await;
    }
    for letter in &small[1..] {
        stage.sends(letter).await;
    }
    assert_eq!(stage.heard().await, 1);
    assert_eq!(stage.unfinished().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_bomb_and_damaged_parts_are_dropped() {
    let mut stage = Stage::new().await;
    stage.befriended().await;
    let bomb = zstd_of_zeros();
    for (packing, bytes) in [(Packing::Zstd, bomb), (Packing::Plain, vec![0xff; 600])] {
        let set = PartSet {
            count: 2,
            total: u32::try_from(bytes.len()).unwrap(),
            hash: Sha256::digest(&bytes).into(),
            packing,
        };
        let (one, two) = bytes.split_at(bytes.len() / 2);
        let mut letter = stage.letter(Body::CardRequest);
        for (index, bytes) in [(0, one), (1, two)] {
            let bytes = bytes.to_vec();
            letter.body = Body::Piece(Piece { set, index, bytes });
            stage.sends(&letter).await;
        }
    }
    assert_eq!(stage.heard().await, 0);
    assert_eq!(stage.unfinished().await, [], "they will never be a letter");
}

#[tokio::test(start_paused = true)]
async fn what_never_completes_is_bounded_in_number_bytes_and_age() {
    let mut stage = Stage::new().await;
    stage.befriended().await;
    for _ in 0..CAPS_OF_KNOWN.letters + 4 {
        let letter = stage.a_part(1_000);
        stage.sends(&letter).await;
    }
    assert_eq!(stage.unfinished().await.len(), CAPS_OF_KNOWN.letters);
    let oldest = stage.unfinished().await[0].number;
    assert_eq!(oldest, 5, "the oldest were given up");

    // The app stays open: the next part that comes shows what is too old.
    tokio::time::sleep(PARTS_KEPT + Duration::from_secs(1)).await;
    let letter = stage.a_part(1_000);
    stage.sends(&letter).await;
    assert_eq!(
        stage.unfinished().await.len(),
        1,
        "the old ones are given up"
    );
    assert_eq!(stage.heard().await, 0);
}

#[tokio::test(start_paused = true)]
async fn a_strangers_parts_take_their_room_and_a_known_ones_do_not() {
    let mut stage = Stage::new().await;
    for _ in 0..10 {
        let letter = stage.a_part(20_000);
        stage.sends(&letter).await;
    }
    let kept: u64 = stage.unfinished().await.iter().map(|one| one.bytes).sum();
    assert_eq!(kept, 80_000, "64 KiB and the part that went over it");

    stage.befriended().await;
    let letter = stage.a_part(20_000);
    stage.sends(&letter).await;
    let before = stage.unfinished().await.len();
    assert_eq!(before, 5);

    let node = stage.mallory().id();
    stage
        .alice
        .store
        .write(move |tx| tx.set_trust(node, Trust::Blocked))
        .await
        .unwrap();
    let letter = stage.a_part(20_000);
    stage.sends(&letter).await;
    eventually("nothing of a blocked one is left", async || {
        stage.unfinished().await.is_empty().then_some(())
    })
    .await;
}

/// A frame of a megabyte of zeros: 50 bytes or so, as any program makes it.
fn zstd_of_zeros() -> Vec<u8> {
    // Magic number, a window of 1 MiB, no size; then blocks of one byte repeated 2^17 times, the last of them marked.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
    for block in 0..8_u32 {
        let last = u32::from(block == 7);
        let header = last | 1 << 1 | (1 << 17) << 3;
        frame.extend(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}
