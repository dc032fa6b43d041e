//! What is said when the connection does not work.

use anyhow::{Result, ensure};
use api::view::ConnectionInput;
use api::{Code, Error};
use lnd::permission;

use crate::world::{RealWorld, World};

async fn check(world: &RealWorld, input: ConnectionInput) -> Result<Error> {
    let alice = world.person("dave").await?;
    let answer = alice.app()?.connection_check(input).await;
    alice.close().await;
    match answer {
        Ok(report) => anyhow::bail!("it works: {report:?}"),
        Err(error) => Ok(error),
    }
}

pub(super) async fn a_macaroon_without_a_permission_is_named(world: &RealWorld) -> Result<()> {
    let alice = world.network().node("alice");
    let dave = world.person("dave").await?;
    for lacking in permission::TABLE {
        let rest = permission::TABLE
            .iter()
            .filter(|rpc| rpc.path != lacking.path);
        let input = alice.pasted_with(&alice.bake(rest.map(|rpc| rpc.path)).await?)?;
        match dave.app()?.connection_check(input.clone()).await {
            Ok(report) => {
                let list = if lacking.required {
                    report.permissions.missing
                } else {
                    report.permissions.missing_optional
                };
                let named = list.iter().any(|one| one.method == lacking.path);
                ensure!(named, "{} is not named: {list:?}", lacking.path);
            }
            Err(error) => ensure!(
                lacking.required && error.code == Code::MissingPermission,
                "{}: {error:?}",
                lacking.path
            ),
        }
        if lacking.required {
            let made = dave.app()?.profile_create(input, String::new(), None).await;
            let code = made.map_err(|error| error.code);
            ensure!(
                code == Err(Code::MissingPermission),
                "{}: {code:?}",
                lacking.path
            );
        }
    }
    Ok(())
}

pub(super) async fn a_wrong_certificate_is_named(world: &RealWorld) -> Result<()> {
    let (alice, bob) = (world.network().node("alice"), world.network().node("bob"));
    let ConnectionInput::Text {
        address, macaroon, ..
    } = alice.as_a_person_pastes_it().await?
    else {
        anyhow::bail!("pasted texts");
    };
    let cert = std::fs::read_to_string(bob.certificate())?;
    let input = ConnectionInput::Text {
        address,
        cert,
        macaroon,
    };
    let error = check(world, input).await?;
    ensure!(error.code == Code::WrongCertificate, "{error:?}");

    // And a macaroon of another node.
    let foreign = bob
        .bake(permission::TABLE.iter().map(|rpc| rpc.path))
        .await?;
    let error = check(world, alice.pasted_with(&foreign)?).await?;
    ensure!(error.code == Code::WrongMacaroon, "{error:?}");
    Ok(())
}

pub(super) async fn wrong_ports_and_hosts_are_named(world: &RealWorld) -> Result<()> {
    let alice = world.network().node("alice");
    let ConnectionInput::Text { cert, macaroon, .. } = alice.as_a_person_pastes_it().await? else {
        anyhow::bail!("pasted texts");
    };
    let nobody = crate::ports::Port::free()?;
    for (address, code) in [
        (nobody.address(), Code::Refused),
        (alice.peer_address(), Code::WrongPort),
        ("nowhere.invalid:10009".to_owned(), Code::HostUnknown),
    ] {
        let input = ConnectionInput::Text {
            address: address.clone(),
            cert: cert.clone(),
            macaroon: macaroon.clone(),
        };
        let error = check(world, input).await?;
        ensure!(error.code == code, "{address}: {error:?}");
    }
    Ok(())
}
