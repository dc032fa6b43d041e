//! Calls that use the node's key. The key itself never leaves LND.

use domain::NodeId;

use super::node::{GrpcNode, answer, nonsense};
use super::rpc::lnrpc::SignMessageRequest;
use super::rpc::signrpc::{KeyLocator, SharedKeyRequest, SignMessageReq};
use crate::error::LightningError;
use crate::permission;
use crate::types::SharedSecret;

/// Where LND keeps the node's identity key: family 6, index 0.
const NODE_KEY: KeyLocator = KeyLocator {
    key_family: 6,
    key_index: 0,
};

impl GrpcNode {
    pub(super) async fn derive_shared_secret(
        &self,
        point: NodeId,
    ) -> Result<SharedSecret, LightningError> {
        let mut client = self.signer.clone();
        // Without a key locator LND uses the node's key.
        let request = SharedKeyRequest {
            ephemeral_pubkey: point.as_bytes().to_vec(),
        };
        let call = client.derive_shared_key(request);
        let secret = answer(permission::DERIVE_SHARED_KEY, call)
            .await?
            .shared_key;
        let secret = zeroize::Zeroizing::new(secret);
        let bytes = secret
            .as_slice()
            .try_into()
            .map_err(|_| nonsense("shared key"))?;
        Ok(SharedSecret(bytes))
    }

    pub(super) async fn sign_bytes(&self, bytes: Vec<u8>) -> Result<Vec<u8>, LightningError> {
        let mut client = self.signer.clone();
        let request = SignMessageReq {
            msg: bytes,
            key_loc: Some(NODE_KEY),
        };
        Ok(
            answer(permission::SIGN_MESSAGE, client.sign_message(request))
                .await?
                .signature,
        )
    }

    pub(super) async fn sign_text(&self, text: Vec<u8>) -> Result<String, LightningError> {
        let mut client = self.lightning.clone();
        // One round of hashing is a dialect of LND's that nothing else can check.
        let request = SignMessageRequest {
            msg: text,
            single_hash: false,
        };
        let signed = answer(permission::SIGN_TEXT, client.sign_message(request)).await?;
        Ok(signed.signature)
    }
}
