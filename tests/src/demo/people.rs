//! Who takes part, and what they have behind them when the windows open.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use domain::NodeId;
use futures::future::{join_all, try_join_all};

use super::Wishes;
use super::story;
use super::tell::say;
use crate::person::Person;
use crate::regtest::{Lnd, Network};
use crate::stories::introduce;

/// Who has a window.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) people: Vec<Actor>,
    pub(super) passphrase_file: PathBuf,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Actor {
    pub(super) name: String,
    pub(super) node: NodeId,
    pub(super) home: PathBuf,
}

impl Cast {
    /// Gives everybody a profile on their node, and has those meet who have not met yet: without windows.
    pub(super) async fn gather(wishes: &Wishes, network: &Network, folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        let passphrase_file = folder.join("passphrase");
        let passphrase = passphrase(&passphrase_file)?;
        let mut people = Vec::new();
        for name in &wishes.people {
            let node = network.node(name).node().await?;
            people.push(Actor {
                name: name.clone(),
                node,
                home: folder.join(name),
            });
        }
        let cast = Self {
            people,
            passphrase_file,
        };
        let marks = Marks(folder);
        if cast.is_prepared(wishes, network, &marks) {
            return Ok(cast);
        }

        say("Preparing the people");
        let live = cast.people.iter().map(|actor| {
            let node = network.node(&actor.name);
            live(actor, node, &passphrase)
        });
        let living = try_join_all(live).await?;
        let prepared = cast.prepare(wishes, network, &marks, &living).await;
        join_all(living.iter().map(Person::close)).await;
        prepared.map(|()| cast)
    }

    /// Whether the windows can open at once.
    fn is_prepared(&self, wishes: &Wishes, network: &Network, marks: &Marks<'_>) -> bool {
        let at_home = |actor: &Actor| marks.is(&address_mark(network.node(&actor.name)));
        !wishes.story
            && wishes.themes.is_empty()
            && self.people.iter().all(at_home)
            && self.pairs().all(|(one, other)| marks.is(&met(one, other)))
    }

    async fn prepare(
        &self,
        wishes: &Wishes,
        network: &Network,
        marks: &Marks<'_>,
        living: &[Person],
    ) -> Result<()> {
        for person in living {
            marks.set(&address_mark(network.node(&person.name)))?;
        }
        for (person, theme) in living.iter().zip(&wishes.themes) {
            let app = person.app()?;
            let mut settings = app.settings_get().await?;
            settings.theme.clone_from(theme);
            app.settings_set(settings).await?;
        }
        for (place, one) in living.iter().enumerate() {
            for other in &living[..place] {
                let mark = format!("met {} {}", other.name, one.name);
                if !marks.is(&mark) {
                    tracing::info!("{} and {} write to each other", other.name, one.name);
                    introduce(other, one).await?;
                    marks.set(&mark)?;
                }
            }
        }
        let find = |name: &str| living.iter().find(|person| person.name == name);
        if wishes.story
            && let (Some(alice), Some(carol)) = (find("alice"), find("carol"))
        {
            if !marks.is("story") {
                tracing::info!("alice and carol have a conversation that shows everything");
                story::tell(alice, carol, network).await?;
                marks.set("story")?;
            }
            story::leave_a_payment(alice, carol).await?;
        }
        Ok(())
    }

    fn pairs(&self) -> impl Iterator<Item = (&Actor, &Actor)> {
        let before = |place: usize| self.people.get(..place).unwrap_or_default();
        self.people
            .iter()
            .enumerate()
            .flat_map(move |(place, one)| before(place).iter().map(move |other| (other, one)))
    }
}

fn met(one: &Actor, other: &Actor) -> String {
    format!("met {} {}", one.name, other.name)
}

/// A profile knows its node by the address.
fn address_mark(node: &Lnd) -> String {
    format!("{} at {}", node.name(), node.address())
}

async fn live(actor: &Actor, node: &Lnd, passphrase: &str) -> Result<Person> {
    tracing::info!("{} opens Heliograph", actor.name);
    let input = node.as_a_person_pastes_it().await?;
    Person::live(&actor.name, actor.node, input, &actor.home, passphrase)
        .await
        .with_context(|| format!("{}'s profile", actor.name))
}

/// What has been done already, as names of empty files.
struct Marks<'a>(&'a Path);

impl Marks<'_> {
    fn is(&self, mark: &str) -> bool {
        self.0.join(mark).exists()
    }

    fn set(&self, mark: &str) -> Result<()> {
        fs::write(self.0.join(mark), "").with_context(|| format!("writing down: {mark}"))
    }
}

/// The first line of the file, which is made with random bytes when it is not there.
fn passphrase(file: &Path) -> Result<String> {
    if !file.exists() {
        let text = hex::encode(rand::random::<[u8; 16]>());
        let mut open = fs::File::options();
        writeln!(
            open.write(true).create_new(true).mode(0o600).open(file)?,
            "{text}"
        )?;
    }
    let text = fs::read_to_string(file)?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
