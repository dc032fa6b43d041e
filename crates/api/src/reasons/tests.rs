use domain::{DeliveryState, HoldState, Timestamp};

use super::*;

#[test]
fn each_fault_of_the_link_has_its_own_code_and_its_own_view() {
    let faults = [
        (
            LinkFault::HostUnknown,
            Code::HostUnknown,
            LinkFaultView::HostUnknown,
        ),
        (LinkFault::Refused, Code::Refused, LinkFaultView::Refused),
        (LinkFault::Timeout, Code::Timeout, LinkFaultView::Timeout),
        (
            LinkFault::WrongPort,
            Code::WrongPort,
            LinkFaultView::WrongPort,
        ),
        (
            LinkFault::WrongCertificate,
            Code::WrongCertificate,
            LinkFaultView::WrongCertificate,
        ),
        (
            LinkFault::WrongMacaroon,
            Code::WrongMacaroon,
            LinkFaultView::WrongMacaroon,
        ),
        (
            LinkFault::WalletLocked,
            Code::WalletLocked,
            LinkFaultView::WalletLocked,
        ),
        (LinkFault::Starting, Code::Starting, LinkFaultView::Starting),
        (
            LinkFault::Broken("reset".into()),
            Code::Broken,
            LinkFaultView::Broken {
                detail: "reset".into(),
            },
        ),
    ];
    for (fault, code, view) in faults {
        let error = LightningError::Unreachable(fault);
        assert_eq!(Error::from(error.clone()).code, code);
        assert_eq!(fault_view(&error), view);
    }
}

#[test]
fn another_node_is_told_before_what_it_said() {
    let state = LinkState::Waiting {
        error: LightningError::NotFound,
        other_node: true,
        next_try: Timestamp(5),
    };
    let view = LinkView::Waiting {
        fault: LinkFaultView::OtherNode,
        next_try: Timestamp(5),
    };
    assert_eq!(link_view(&state), view);
}

#[test]
fn a_missing_permission_brings_the_command_that_helps() {
    let error = Error::from(LightningError::Permission("/lnrpc.Lightning/GetInfo"));
    assert_eq!(error.code, Code::MissingPermission);
    assert!(
        error.message.contains("/lnrpc.Lightning/GetInfo"),
        "{error}"
    );
    assert!(error.detail.unwrap().starts_with("lncli bakemacaroon "));
}

#[test]
fn what_came_too_late_says_where_it_is() {
    let hold = Error::from(EngineError::Hold(HoldState::Returned));
    assert_eq!(
        (hold.code, hold.detail.as_deref()),
        (Code::NotNow, Some("returned"))
    );
    let delivery = Error::from(EngineError::Delivery(DeliveryState::InFlight));
    assert_eq!(
        (delivery.code, delivery.detail.as_deref()),
        (Code::NotNow, Some("in_flight"))
    );
    let long = Error::from(EngineError::TooLong { over: 7 });
    assert_eq!(
        (long.code, long.detail.as_deref()),
        (Code::TooLong, Some("7"))
    );
}
