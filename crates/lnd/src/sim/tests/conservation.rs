use proptest::prelude::*;

use super::*;

/// What may happen in a network, in any order.
#[derive(Clone, Debug)]
enum Step {
    Send {
        from: usize,
        to: usize,
        msat: u64,
        number: u8,
    },
    Settle {
        node: usize,
        number: u8,
    },
    Cancel {
        node: usize,
        number: u8,
    },
    Hold {
        node: usize,
        secs: u64,
    },
    Stop(usize),
    Start(usize),
    Mine(u32),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let node = 0..4_usize;
    prop_oneof![
        4 => (node.clone(), node.clone(), 500..60_000_000_u64, any::<u8>())
            .prop_map(|(from, to, msat, number)| Step::Send { from, to, msat, number }),
        2 => (node.clone(), any::<u8>()).prop_map(|(node, number)| Step::Settle { node, number }),
        2 => (node.clone(), any::<u8>()).prop_map(|(node, number)| Step::Cancel { node, number }),
        1 => (node.clone(), 0..120_u64).prop_map(|(node, secs)| Step::Hold { node, secs }),
        1 => node.clone().prop_map(Step::Stop),
        1 => node.prop_map(Step::Start),
        1 => (1..90_u32).prop_map(Step::Mine),
        3 => (1..2_000_u64).prop_map(Step::Wait),
    ]
}

async fn apply(net: &SimNetwork, nodes: &[SimNode; 4], numbers: &mut Vec<u8>, step: Step) {
    // One of the payments that were sent, rather than one that never was.
    let pick = |numbers: &[u8], number: u8| {
        numbers
            .get(usize::from(number).rem_euclid(numbers.len().max(1)))
            .copied()
            .unwrap_or(number)
    };
    match step {
        Step::Send {
            from,
            to,
            msat,
            number,
        } => {
            numbers.push(number);
            let keysend = Keysend {
                amount: Msat::new(msat),
                ..keysend(&nodes[to], number)
            };
            drop(nodes[from].send(keysend).await);
        }
        Step::Settle { node, number } => {
            let _ = nodes[node].settle(&preimage(pick(numbers, number))).await;
        }
        Step::Cancel { node, number } => {
            let _ = nodes[node].cancel(hash(pick(numbers, number))).await;
        }
        Step::Hold { node, secs } => nodes[node].set_hold(Duration::from_secs(secs)),
        Step::Stop(node) => nodes[node].stop(),
        Step::Start(node) => nodes[node].start(),
        Step::Mine(blocks) => net.mine(blocks),
        Step::Wait(millis) => tokio::time::sleep(Duration::from_millis(millis)).await,
    }
}

fn conserved(totals: Totals) -> bool {
    totals.balances.checked_add(totals.in_flight) == Some(totals.capacity)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_msat_is_ever_made_or_lost(steps in proptest::collection::vec(step(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        let (always, end) = runtime.block_on(async {
            let (net, nodes) = line();
            let (mut numbers, mut always) = (Vec::new(), true);
            for step in steps {
                apply(&net, &nodes, &mut numbers, step).await;
                always &= conserved(net.totals());
            }
            // Everybody is there again, and every hold comes to its end by time or by blocks.
            nodes.iter().for_each(SimNode::start);
            for _ in 0..3 {
                tokio::time::sleep(Duration::from_secs(300)).await;
                net.mine(100);
            }
            tokio::time::sleep(Duration::from_secs(300)).await;
            (always, net.totals())
        });
        prop_assert!(always, "at every moment");
        prop_assert!(conserved(end), "at the end: {end:?}");
        prop_assert_eq!(end.in_flight, Msat::ZERO, "nothing hangs");
    }
}
