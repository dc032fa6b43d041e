//! Which Lightning the profiles live in: real nodes, or a network of a story.

use std::sync::Arc;

use async_trait::async_trait;
use lnd::{Credentials, GrpcNode, Lightning, LightningError, permission};

use crate::view::{PermissionReport, PermissionView};

/// A node as a profile sees it.
pub(crate) struct Node {
    /// The port.
    pub(crate) lightning: Arc<dyn Lightning>,
    /// What the macaroon may do.
    pub(crate) permissions: Arc<dyn Permissions>,
}

/// What a macaroon may do.
#[async_trait]
pub(crate) trait Permissions: Send + Sync + 'static {
    /// Asks the node.
    async fn report(&self) -> Result<PermissionReport, LightningError>;
}

/// Makes nodes from credentials. Nothing is sent before the first call.
pub(crate) trait World: Send + Sync + 'static {
    /// The node that these credentials open.
    fn node(&self, credentials: Credentials) -> Node;
}

/// Real LNDs over gRPC.
pub(crate) struct Real;

impl World for Real {
    fn node(&self, credentials: Credentials) -> Node {
        let node = Arc::new(GrpcNode::connect(credentials));
        Node {
            lightning: Arc::clone(&node) as Arc<dyn Lightning>,
            permissions: node,
        }
    }
}

#[async_trait]
impl Permissions for GrpcNode {
    async fn report(&self) -> Result<PermissionReport, LightningError> {
        let report = permission::check(self).await?;
        // Not even this question is allowed: nothing more is known than that.
        let report = report.unwrap_or_else(|| permission::PermissionReport {
            missing_optional: permission::TABLE
                .iter()
                .filter(|rpc| rpc.purpose == permission::Purpose::Check)
                .collect(),
            ..permission::PermissionReport::default()
        });
        Ok(permission_report(&report))
    }
}

fn permission_report(report: &permission::PermissionReport) -> PermissionReport {
    let view = |rpc: &&permission::Rpc| PermissionView {
        method: rpc.path.to_owned(),
        purpose: rpc.purpose.key().to_owned(),
    };
    PermissionReport {
        missing: report.missing.iter().map(view).collect(),
        missing_optional: report.missing_optional.iter().map(view).collect(),
        too_powerful: !report.too_powerful.is_empty(),
        bake_command: permission::bake_command(),
    }
}

/// Whatever a story gives; everything is allowed there.
impl<F> World for F
where
    F: Fn(Credentials) -> Arc<dyn Lightning> + Send + Sync + 'static,
{
    fn node(&self, credentials: Credentials) -> Node {
        Node {
            lightning: self(credentials),
            permissions: Arc::new(Everything),
        }
    }
}

struct Everything;

#[async_trait]
impl Permissions for Everything {
    async fn report(&self) -> Result<PermissionReport, LightningError> {
        Ok(permission_report(&permission::PermissionReport::default()))
    }
}
