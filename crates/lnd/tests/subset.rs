//! Our subset of LND's interface against the interface itself, as the pinned Go module has it: a wrong number would not
//! be noticed by any compiler, and would put money into the wrong field.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use prost_types::{DescriptorProto, EnumDescriptorProto, FileDescriptorSet};

const OURS: [&str; 4] = [
    "lightning.proto",
    "router.proto",
    "invoices.proto",
    "signer.proto",
];
const THEIRS: [&str; 5] = [
    "lightning.proto",
    "stateservice.proto",
    "routerrpc/router.proto",
    "invoicesrpc/invoices.proto",
    "signrpc/signer.proto",
];

/// Everything that a subset can get wrong, by full name, as text to compare and to read.
#[derive(Default)]
struct Interface(BTreeMap<String, String>);

impl Interface {
    fn of(set: &FileDescriptorSet) -> Self {
        let mut all = Self::default();
        for file in &set.file {
            let package = file.package();
            for message in &file.message_type {
                all.add_message(package, message);
            }
            for kind in &file.enum_type {
                all.add_enum(package, kind);
            }
            for service in &file.service {
                for method in &service.method {
                    let name = format!("{package}.{}/{}", service.name(), method.name());
                    let stream = |streaming| if streaming { "stream of " } else { "" };
                    let text = format!(
                        "from {}{} to {}{}",
                        stream(method.client_streaming()),
                        method.input_type(),
                        stream(method.server_streaming()),
                        method.output_type(),
                    );
                    all.0.insert(name, text);
                }
            }
        }
        all
    }

    fn add_message(&mut self, scope: &str, message: &DescriptorProto) {
        let name = format!("{scope}.{}", message.name());
        let is_map = message
            .options
            .as_ref()
            .is_some_and(|options| options.map_entry());
        self.0
            .insert(name.clone(), format!("message, map entry: {is_map}"));
        for field in &message.field {
            let choice = field.oneof_index.and_then(|index| {
                let choice = message.oneof_decl.get(usize::try_from(index).ok()?)?;
                Some(choice.name())
            });
            let text = format!(
                "field {} of type {:?} {}, {:?}, in choice {choice:?}",
                field.number(),
                field.r#type(),
                field.type_name(),
                field.label(),
            );
            self.0.insert(format!("{name}.{}", field.name()), text);
        }
        for nested in &message.nested_type {
            self.add_message(&name, nested);
        }
        for nested in &message.enum_type {
            self.add_enum(&name, nested);
        }
    }

    fn add_enum(&mut self, scope: &str, kind: &EnumDescriptorProto) {
        let name = format!("{scope}.{}", kind.name());
        for value in &kind.value {
            self.0.insert(
                format!("{name}.{}", value.name()),
                format!("value {}", value.number()),
            );
        }
        self.0.insert(name, "enum".to_owned());
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn ours() -> Interface {
    Interface::of(&protox::compile(OURS, [root().join("proto/lnd")]).unwrap())
}

/// Runs Go where the network of the tests pins its version of LND. There is no way around Go here: without it nothing
/// would be compared.
fn go(args: &[&str]) -> String {
    let output = Command::new("go")
        .args(args)
        .current_dir(root().join("tests/network"))
        .output()
        .expect(
            "Go is needed to find the pinned LND: install it, or its bin folder is not in PATH",
        );
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "go {args:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn theirs() -> Interface {
    const MODULE: &str = "github.com/lightningnetwork/lnd";
    go(&["mod", "download", MODULE]);
    let folder = go(&["list", "-m", "-f", "{{.Dir}}", MODULE]);
    assert!(!folder.is_empty(), "Go knows no folder of {MODULE}");
    let protos = Path::new(&folder).join("lnrpc");
    Interface::of(&protox::compile(THEIRS, [protos]).unwrap())
}

/// What stands in `subset` and not just so in `whole`.
fn differences(subset: &Interface, whole: &Interface) -> Vec<String> {
    let lines = subset
        .0
        .iter()
        .filter_map(|(name, ours)| match whole.0.get(name) {
            Some(theirs) if theirs == ours => None,
            Some(theirs) => Some(format!("{name}: we say {ours}; LND says {theirs}")),
            None => Some(format!("{name}: LND has no such name")),
        });
    lines.collect()
}

#[test]
fn our_subset_says_what_the_pinned_lnd_says() {
    let ours = ours();
    assert!(
        ours.0.len() > 150,
        "{} names were read: something is missing",
        ours.0.len()
    );
    let differences = differences(&ours, &theirs());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

#[test]
fn the_subset_of_the_test_world_says_the_same() {
    let ours = Interface::of(&protox::compile(OURS, [root().join("tests/proto")]).unwrap());
    assert!(ours.0.len() > 100, "{} names were read", ours.0.len());
    let differences = differences(&ours, &theirs());
    assert!(differences.is_empty(), "\n{}", differences.join("\n"));
}

/// The table has more: what later versions call is baked now. Each of its methods is one that LND has.
#[test]
fn the_table_of_permissions_has_every_method_that_we_call_and_none_that_lnd_lacks() {
    let named: BTreeSet<_> = heliograph_lnd::permission::TABLE
        .iter()
        .map(|rpc| rpc.path.trim_start_matches('/').to_owned())
        .collect();
    let methods = |interface: Interface| -> BTreeSet<_> {
        let names = interface.0.into_keys();
        names.filter(|name| name.contains('/')).collect()
    };
    let (called, theirs) = (methods(ours()), methods(theirs()));
    assert!(!called.is_empty());
    assert_eq!(
        called.difference(&named).count(),
        0,
        "called, and not baked"
    );
    assert_eq!(named.difference(&theirs).count(), 0, "unknown to LND");
}

#[test]
fn a_wrong_number_type_or_name_is_found() {
    let whole = ours();
    for (name, text) in [
        ("lnrpc.Invoice.is_keysend", "field 26 of type Bool"),
        ("lnrpc.Payment.PaymentStatus.FAILED", "value 4"),
        (
            "routerrpc.Router/SendPaymentV2",
            "from .routerrpc.SendPaymentRequest to .lnrpc.Payment",
        ),
        ("lnrpc.Invoice.is_key_send", "field 25 of type Bool"),
    ] {
        let wrong = Interface(BTreeMap::from([(name.to_owned(), text.to_owned())]));
        assert_eq!(differences(&wrong, &whole).len(), 1, "{name}");
    }
}
