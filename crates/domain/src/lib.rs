//! What things are. Pure: no input or output, no clock, no randomness.

mod amount;
mod app;
mod carrier;
mod contact;
mod delivery;
mod fee;
mod health;
mod hint;
mod hold;
mod ids;
mod message;
mod node;
mod part;
mod patience;
mod policy;
mod postage;
pub mod resume;
mod time;

pub use amount::{AmountError, Msat};
pub use app::{AppMark, Says};
pub use carrier::{Carrier, Circumstances, Limits, Way, choose};
pub use contact::{CardFault, Contact, Program, Trust};
pub use delivery::{
    Attempt, AttemptState, DeliveryEvent, DeliveryState, Expectation, Failure, ReturnMeaning,
};
pub use fee::{FeeQuote, default_fee_limit};
pub use health::{Condition, WrongClock};
pub use hint::{HINTS_KEPT, RouteHint};
pub use hold::{
    Decision, HoldEvent, HoldState, IncomingPayment, PaidBefore, RefundClaim, last_moment,
};
pub use ids::{ConversationId, MessageId, MessageKey, PaymentHash, Preimage};
pub use message::{Amendment, AmendmentKind, Authorship, Direction, Message, MessageKind, Privacy};
pub use node::{NodeAddress, NodeAddressError, NodeId, NodeIdError};
pub use part::{
    CAPS_OF_KNOWN, CAPS_OF_ONE, CAPS_OF_STRANGERS, IN_FLIGHT, PARTS_KEPT, Packing, Part, PartCaps,
    PartSet,
};
pub use patience::{PATIENCE, next_try};
pub use policy::{
    Content, Crowd, HoldCaps, HoldRoom, HoldUsage, Incoming, MOST_POSTAGE, Reason, Room, Rules,
    StrangerCaps, Verdict, WORTH_A_LOOK, decide, weigh,
};
pub use postage::{Owed, Postage, PostageBalance};
pub use time::Timestamp;
