//! Money that came: accept, refuse, pay back.

use domain::{MessageKey, Msat};

use crate::Error;
use crate::messages::quote_view;
use crate::messenger::Messenger;
use crate::view::QuoteView;

impl Messenger {
    /// Takes a held payment. A second click changes nothing.
    ///
    /// # Errors
    /// [`crate::Code::NotNow`] when it has gone back; [`crate::Code::NotFound`].
    pub async fn payment_accept(&self, key: MessageKey) -> Result<(), Error> {
        Ok(self.open()?.engine.accept(key).await?)
    }

    /// Returns a held payment: its sender pays nothing. A second click changes nothing.
    ///
    /// # Errors
    /// [`crate::Code::NotNow`] when it has settled; [`crate::Code::NotFound`].
    pub async fn payment_refuse(&self, key: MessageKey) -> Result<(), Error> {
        Ok(self.open()?.engine.refuse(key).await?)
    }

    /// What paying back a settled payment would cost.
    ///
    /// # Errors
    /// [`crate::Code::NotRefundable`], [`crate::Code::AlreadyRefunded`], or why there is no route.
    pub async fn payback_quote(&self, key: MessageKey) -> Result<QuoteView, Error> {
        Ok(quote_view(&self.open()?.engine.quote_pay_back(key).await?))
    }

    /// Pays a settled payment back, in full, once. Answers the message that carries it.
    ///
    /// # Errors
    /// [`crate::Code::NotRefundable`], [`crate::Code::AlreadyRefunded`].
    pub async fn payment_pay_back(
        &self,
        key: MessageKey,
        fee_limit: Option<Msat>,
    ) -> Result<MessageKey, Error> {
        Ok(self.open()?.engine.pay_back(key, fee_limit).await?)
    }
}
