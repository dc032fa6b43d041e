//! The port, as the simulated node answers it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use domain::{Msat, NodeId, PaymentHash, Preimage, RouteHint};
use futures::{StreamExt, future, stream};
use secp256k1::{Message, PublicKey, ecdh};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;

use super::books::EndedBy;
use super::hold_invoice;
use super::node::SimNode;
use super::onion::{self, Crossing};
use super::parts::{self, Bill};
use super::path::{Proof, Search, Ticket};
use super::state::{Line, NodeState, State, lost};
use super::{pay, peer};
use crate::diagnose::refine;
use crate::error::{LightningError, LinkFault};
use crate::lightning::{Lightning, Updates};
use crate::permission;
use crate::types::{
    Balance, ChannelEvent, DecodedInvoice, Invoice, InvoiceCursor, InvoiceNews, InvoicePage,
    InvoicePayment, InvoiceState, Keysend, NewInvoice, NodeConfig, NodeFacts, NodeInfo,
    OnionMessage, PaidBy, PaymentUpdate, PeerEvent, PeerLink, PeerMessage, Route, RouteQuery,
    RouteToken, SharedSecret, check_onion, check_peer_message,
};

impl SimNode {
    /// Does the work of a call, with the faults that are ordered: late, lost, or nobody there.
    async fn ask<T>(
        &self,
        work: impl FnOnce(&mut State, usize) -> Result<T, LightningError> + Send,
    ) -> Result<T, LightningError> {
        let (answer, delay, lose) = {
            let mut state = self.shared.lock();
            if !state.nodes[self.me].is_running() {
                return Err(LightningError::Unreachable(LinkFault::Refused));
            }
            let answer = work(&mut state, self.me);
            let faults = &mut state.nodes[self.me].faults;
            (
                answer,
                faults.delay,
                std::mem::take(&mut faults.lose_answer),
            )
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if lose { Err(lost()) } else { answer }
    }

    /// Listens to one kind of event from now on.
    async fn listen<T: Send + 'static>(
        &self,
        lines: fn(&mut NodeState) -> &mut Vec<Line<T>>,
    ) -> Result<Updates<T>, LightningError> {
        let (line, events) = mpsc::unbounded_channel();
        self.ask(|state, me| {
            lines(&mut state.nodes[me]).push(line);
            Ok(())
        })
        .await?;
        after_first(events).await
    }
}

/// LND sends no headers before the first event, and until then the call has no answer.
async fn after_first<T: Send + 'static>(
    events: mpsc::UnboundedReceiver<Result<T, LightningError>>,
) -> Result<Updates<T>, LightningError> {
    let mut events = UnboundedReceiverStream::new(events);
    let first = events.next().await.unwrap_or_else(|| Err(lost()))?;
    Ok(Box::pin(
        stream::once(future::ready(Ok(first))).chain(events),
    ))
}

fn point(node: NodeId) -> Result<PublicKey, LightningError> {
    PublicKey::from_slice(node.as_bytes())
        .map_err(|_| LightningError::Node("not a point".to_owned()))
}

#[async_trait]
impl Lightning for SimNode {
    async fn info(&self) -> Result<NodeInfo, LightningError> {
        self.ask(|state, me| {
            let active = state
                .channels_of(me)
                .filter(|(channel, _)| state.is_active(channel));
            Ok(NodeInfo {
                node: state.nodes[me].id,
                alias: state.nodes[me].alias.clone(),
                version: "simulated".to_owned(),
                network: "regtest".to_owned(),
                synced: true,
                block_height: state.height,
                header_at: None,
                active_channels: u32::try_from(active.count()).unwrap_or(u32::MAX),
            })
        })
        .await
    }

    async fn balance(&self) -> Result<Balance, LightningError> {
        self.ask(|state, me| {
            let sum = |amounts: Vec<Msat>| Msat::checked_sum(amounts).unwrap_or_default();
            let own = || state.channels_of(me);
            Ok(Balance {
                local: sum(own().map(|(channel, side)| channel.local(side)).collect()),
                remote: sum(own().map(|(channel, side)| channel.remote(side)).collect()),
            })
        })
        .await
    }

    async fn node(&self, node: NodeId) -> Result<Option<NodeFacts>, LightningError> {
        self.ask(|state, me| {
            // Gossip knows a node by its public channels, and its features only from its own announcement. A node knows its
            // own channels as well.
            let known = state.find(node).filter(|&node| {
                state
                    .channels_of(node)
                    .any(|(channel, _)| channel.public || channel.side(me).is_some())
            });
            Ok(known.map(|node| &state.nodes[node]).map(|node| {
                let announced = node.settings.announced;
                NodeFacts {
                    alias: if announced {
                        node.alias.clone()
                    } else {
                        String::new()
                    },
                    keysend: announced && node.settings.keysend,
                    onion_messages: announced && node.settings.onion,
                    announced,
                }
            }))
        })
        .await
    }

    async fn peers(&self) -> Result<Vec<PeerLink>, LightningError> {
        self.ask(|state, me| {
            let link = |other: usize| {
                let shared = || state.channels_between(me, other);
                let count = |links: usize| u32::try_from(links).unwrap_or(u32::MAX);
                let active = shared().filter(|channel| state.is_active(channel));
                PeerLink {
                    node: state.nodes[other].id,
                    connected: state.is_connected(me, other),
                    channels: count(shared().count()),
                    active_channels: count(active.count()),
                }
            };
            let others = (0..state.nodes.len()).filter(|&other| other != me);
            Ok(others
                .map(link)
                .filter(|link| link.connected || link.channels > 0)
                .collect())
        })
        .await
    }

    async fn neighbours(&self, node: NodeId) -> Result<Vec<NodeId>, LightningError> {
        self.ask(|state, me| {
            let Some(node) = state.find(node) else {
                return Ok(Vec::new());
            };
            // Of others it knows only what gossip says, which is slow to notice who is away.
            let ends = state
                .channels_of(node)
                .filter(|(channel, _)| channel.public || channel.side(me).is_some())
                .filter(|(channel, _)| node != me || state.is_active(channel))
                .map(|(channel, side)| state.nodes[channel.ends[side ^ 1]].id);
            Ok(ends.collect::<BTreeSet<_>>().into_iter().collect())
        })
        .await
    }

    async fn own_hints(&self) -> Result<Vec<RouteHint>, LightningError> {
        self.ask(|state, me| Ok(state.hints_of(me))).await
    }

    async fn peer_events(&self) -> Result<Updates<PeerEvent>, LightningError> {
        self.listen(|node| &mut node.peer_events).await
    }

    async fn channel_events(&self) -> Result<Updates<ChannelEvent>, LightningError> {
        self.listen(|node| &mut node.channel_events).await
    }

    async fn graph_events(&self) -> Result<Updates<Vec<NodeId>>, LightningError> {
        self.listen(|node| &mut node.graph_events).await
    }

    async fn connect(&self, node: NodeId, _host: &str) -> Result<(), LightningError> {
        self.ask(|state, me| {
            let there = state
                .find(node)
                .filter(|&other| state.nodes[other].is_running());
            let other =
                there.ok_or_else(|| LightningError::Node("dial: connection refused".to_owned()))?;
            let connected = state.is_connected(me, other);
            state.connections.insert((me.min(other), me.max(other)));
            if !connected {
                state.tell_of_connection(me, other);
            }
            Ok(())
        })
        .await
    }

    async fn route(&self, query: RouteQuery) -> Result<Route, LightningError> {
        self.ask(|state, me| {
            let (proof, preimage, part_of) = match query.paid_by {
                PaidBy::Quote => (Proof::Keysend, None, None),
                PaidBy::Keysend(preimage) => (Proof::Keysend, Some(preimage), None),
                PaidBy::Invoice(bolt11) => {
                    let invoice = state.decode_invoice(&bolt11)?;
                    let other = invoice.amount.is_some_and(|asked| asked != query.amount);
                    if invoice.destination != query.to || other {
                        return Err(LightningError::Node(
                            "the invoice asks for something else".to_owned(),
                        ));
                    }
                    let all = query.amount;
                    (Proof::Invoice(all), None, Some(all))
                }
            };
            let (hops, fee) = state.find_path(&Search {
                from: me,
                to: query.to,
                amount: query.amount,
                fee_limit: query.fee_limit,
                records: &query.records,
                proof,
                use_mission_control: query.use_mission_control,
                over: query.over,
                hints: &query.hints,
            })?;
            Ok(Route {
                fee,
                total: query
                    .amount
                    .checked_add(fee)
                    .ok_or(LightningError::NoRoute)?,
                nodes: hops.iter().map(|hop| state.nodes[hop.to].id).collect(),
                token: RouteToken::Sim(Ticket {
                    hops,
                    fee,
                    records: query.records,
                    preimage,
                    part_of,
                }),
            })
        })
        .await
    }

    async fn send(&self, keysend: Keysend) -> Result<Updates<PaymentUpdate>, LightningError> {
        let shared = Arc::clone(&self.shared);
        let payment = keysend.clone();
        let updates = self
            .ask(move |state, me| {
                if state.nodes[me].id == payment.to {
                    return Err(LightningError::Node("self-payments not allowed".to_owned()));
                }
                let updates = state.begin(me, payment.preimage.payment_hash())?;
                tokio::spawn(pay::pay(shared, me, payment));
                Ok(updates)
            })
            .await?;
        let (node, keysend) = (self.clone(), Arc::new(keysend));
        Ok(Box::pin(updates.then(move |update| {
            let (node, keysend) = (node.clone(), Arc::clone(&keysend));
            async move { Ok(refine(&node, &keysend, update?).await) }
        })))
    }

    async fn send_to_route(
        &self,
        hash: PaymentHash,
        route: Route,
    ) -> Result<PaymentUpdate, LightningError> {
        let RouteToken::Sim(ticket) = route.token else {
            return Err(LightningError::Node(
                "this route is of another world".to_owned(),
            ));
        };
        let shared = Arc::clone(&self.shared);
        let updates = self
            .ask(move |state, me| {
                let updates = state.begin(me, hash)?;
                tokio::spawn(pay::pay_over(shared, me, hash, ticket));
                Ok(updates)
            })
            .await?;
        let mut ends = updates
            .filter(|update| future::ready(update.as_ref().map_or(true, PaymentUpdate::is_final)));
        ends.next().await.unwrap_or_else(|| Err(lost()))
    }

    async fn track(&self, hash: PaymentHash) -> Result<Updates<PaymentUpdate>, LightningError> {
        let updates = self.ask(|state, me| state.follow(me, hash)).await?;
        Ok(Box::pin(updates))
    }

    async fn invoices(&self, after: InvoiceCursor) -> Result<Updates<InvoiceNews>, LightningError> {
        let (line, events) = mpsc::unbounded_channel();
        self.ask(|state, me| {
            let node = &mut state.nodes[me];
            for invoice in node.invoices.backlog(after) {
                // The other end is still in our hands.
                let _ = line.send(Ok(InvoiceNews::Invoice(invoice)));
            }
            node.subscribers.push(line);
            Ok(())
        })
        .await?;
        after_first(events).await
    }

    async fn newest_add_index(&self) -> Result<u64, LightningError> {
        self.ask(|state, me| Ok(state.nodes[me].invoices.newest))
            .await
    }

    async fn invoices_after(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.ask(|state, me| Ok(state.nodes[me].invoices.page(false, add_index, limit)))
            .await
    }

    async fn pending_invoices(
        &self,
        add_index: u64,
        limit: u64,
    ) -> Result<InvoicePage, LightningError> {
        self.ask(|state, me| Ok(state.nodes[me].invoices.page(true, add_index, limit)))
            .await
    }

    async fn invoice_at(&self, add_index: u64) -> Result<Option<PaymentHash>, LightningError> {
        self.ask(|state, me| {
            let found = state.nodes[me].invoices.by_index.get(&add_index);
            Ok(found.map(|invoice| invoice.view().hash))
        })
        .await
    }

    async fn invoice(&self, hash: PaymentHash) -> Result<Invoice, LightningError> {
        self.ask(|state, me| {
            state.nodes[me]
                .invoices
                .view(hash)
                .ok_or(LightningError::NotFound)
        })
        .await
    }

    async fn watch_invoice(&self, hash: PaymentHash) -> Result<Updates<Invoice>, LightningError> {
        let (line, events) = mpsc::unbounded_channel();
        self.ask(|state, me| {
            let node = &mut state.nodes[me];
            let now = node.invoices.view(hash);
            let over = now.as_ref().is_some_and(|invoice| {
                matches!(
                    invoice.state,
                    InvoiceState::Settled | InvoiceState::Canceled
                )
            });
            if let Some(invoice) = now {
                // The other end is still in our hands.
                let _ = line.send(Ok(invoice));
            }
            if !over {
                node.watchers.push((hash, line));
            }
            Ok(())
        })
        .await?;
        Ok(Box::pin(UnboundedReceiverStream::new(events)))
    }

    async fn may_issue_invoices(&self) -> Result<bool, LightningError> {
        self.ask(|state, me| Ok(state.nodes[me].settings.issues))
            .await
    }

    async fn add_hold_invoice(&self, invoice: NewInvoice) -> Result<String, LightningError> {
        let shared = Arc::clone(&self.shared);
        self.ask(move |state, me| {
            let (text, is_new) = state.add_hold_invoice(me, &invoice)?;
            if is_new {
                tokio::spawn(hold_invoice::expire(shared, me, invoice));
            }
            Ok(text)
        })
        .await
    }

    async fn decode_invoice(&self, bolt11: &str) -> Result<DecodedInvoice, LightningError> {
        self.ask(|state, _| state.decode_invoice(bolt11)).await
    }

    async fn pay_invoice(
        &self,
        payment: InvoicePayment,
    ) -> Result<Updates<PaymentUpdate>, LightningError> {
        let shared = Arc::clone(&self.shared);
        let updates = self
            .ask(move |state, me| {
                let bill = Bill::check(state, me, payment)?;
                let updates = state.begin(me, bill.hash)?;
                tokio::spawn(parts::pay(shared, me, bill));
                Ok(updates)
            })
            .await?;
        Ok(Box::pin(updates))
    }

    async fn settle(&self, preimage: &Preimage) -> Result<(), LightningError> {
        self.ask(|state, me| state.settle(me, preimage, EndedBy::App))
            .await
    }

    async fn cancel(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.ask(|state, me| state.cancel(me, hash, EndedBy::App))
            .await
    }

    async fn remove_canceled(&self, hash: PaymentHash) -> Result<(), LightningError> {
        self.ask(|state, me| state.nodes[me].invoices.remove_canceled(hash))
            .await
    }

    async fn send_peer_message(
        &self,
        to: NodeId,
        kind: u32,
        bytes: Vec<u8>,
    ) -> Result<(), LightningError> {
        check_peer_message(kind, &bytes)?;
        self.ask(|state, me| state.hand_over(me, to, kind, bytes))
            .await
    }

    async fn peer_messages(&self) -> Result<Updates<PeerMessage>, LightningError> {
        self.listen(|node| &mut node.peer_messages).await
    }

    async fn send_onion(
        &self,
        first_hop: NodeId,
        path_key: NodeId,
        onion: Vec<u8>,
    ) -> Result<(), LightningError> {
        check_onion(&onion)?;
        let shared = Arc::clone(&self.shared);
        self.ask(move |state, me| {
            if !state.nodes[me].settings.onion {
                return Err(LightningError::Unsupported(permission::SEND_ONION_MESSAGE));
            }
            let to = state.peer(me, first_hop)?;
            let crossing = Crossing {
                from: me,
                to,
                path_key,
                onion,
            };
            for _ in 0..state.carriage.copies() {
                tokio::spawn(onion::travel(Arc::clone(&shared), crossing.clone()));
            }
            Ok(())
        })
        .await
    }

    async fn onion_messages(&self) -> Result<Updates<OnionMessage>, LightningError> {
        if self.with(|node| node.is_running() && !node.settings.onion) {
            return Err(LightningError::Unsupported(
                permission::SUBSCRIBE_ONION_MESSAGES,
            ));
        }
        self.listen(|node| &mut node.onion_messages).await
    }

    async fn shared_secret(&self, point_of: NodeId) -> Result<SharedSecret, LightningError> {
        self.ask(|state, me| {
            let secret = ecdh::SharedSecret::new(&point(point_of)?, &state.nodes[me].secret);
            Ok(SharedSecret(secret.to_secret_bytes()))
        })
        .await
    }

    async fn sign(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        self.ask(|state, me| {
            let message = Message::from_digest(Sha256::digest(&bytes).into());
            Ok(state.nodes[me]
                .secret
                .sign_ecdsa(message)
                .serialize_der()
                .to_vec())
        })
        .await
    }

    async fn sign_message(&self, text: Vec<u8>) -> Result<String, LightningError> {
        self.ask(|state, me| Ok(peer::sign(&state.nodes[me].secret, &text)))
            .await
    }

    async fn config(&self) -> Result<Option<NodeConfig>, LightningError> {
        self.ask(|state, me| {
            let settings = &state.nodes[me].settings;
            Ok(Some(NodeConfig {
                accept_keysend: settings.keysend,
                keysend_hold_secs: u32::try_from(settings.hold.as_secs()).unwrap_or(u32::MAX),
                deletes_canceled: settings.deletes_canceled,
            }))
        })
        .await
    }
}
