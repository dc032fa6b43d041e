//! What must hold in the end, whatever happened. Each law returns what breaks it, in words.

mod agreement;
mod arrival;
mod books;
mod holds;
mod order;
mod payback;
mod payment;
mod postage;
mod strangers;

use crate::record::Record;

/// Everything that is broken.
pub(crate) fn broken(record: &Record) -> Vec<String> {
    [
        arrival::broken(record),
        agreement::broken(record),
        payment::broken(record),
        payback::broken(record),
        holds::broken(record),
        books::broken(record),
        order::broken(record),
        postage::broken(record),
        strangers::broken(record),
    ]
    .concat()
}
