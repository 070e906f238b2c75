//! What a wipe of a server would destroy, from its facts.

use super::docker::Named;
use super::{Entry, Facts};
use crate::plan::human_bytes;
use crate::plan::{Loss, LossEntry, Losses};

impl Facts {
    /// What a wipe of this server would destroy on it; sorted by name, so that equal servers give equal plans.
    pub fn losses(&self) -> Losses {
        let mut losses = Losses {
            containers: self
                .docker
                .containers
                .iter()
                .map(|container| {
                    loss(&container.name, format!("{}, {}", container.image, container.state))
                        .with_identity(&container.id)
                })
                .collect(),
            images: self
                .docker
                .images
                .iter()
                .map(|image| loss(&image.name, image.size.clone()).with_identity(&image.id))
                .collect(),
            volumes: self
                .docker
                .volumes
                .iter()
                .map(|volume| Loss {
                    bytes: volume.bytes,
                    ..loss(
                        &volume.name,
                        volume.bytes.map_or("size unknown".to_owned(), human_bytes),
                    )
                    .with_identity(&volume.created)
                })
                .collect(),
            networks: self.docker.networks.iter().map(named).collect(),
            paths: Vec::new(),
            docker_root: Some(self.docker.root.clone())
                .filter(|root| !["", "/var/lib/docker"].contains(&root.as_str())),
            ..Losses::default()
        };
        if let Some(node) = self.docker.swarm_node.as_ref().filter(|node| node.is_last()) {
            losses.stacks = node.stacks.iter().map(Loss::named).collect();
            losses.services = node.services.iter().map(named).collect();
            losses.secrets = node.secrets.iter().map(named).collect();
            losses.configs = node.configs.iter().map(named).collect();
        }
        if self.opt_infrakt.kind != "absent" {
            let size = self.opt_infrakt.bytes.map_or("size unknown".to_owned(), human_bytes);
            let backups = match self.opt_infrakt.backups {
                0 => String::new(),
                1 => ", with 1 backup in backups/".to_owned(),
                count => format!(", with {count} backups in backups/"),
            };
            losses.paths.push(Loss {
                bytes: self.opt_infrakt.bytes,
                entries: self.opt_infrakt.entries.iter().map(Entry::as_lost).collect(),
                // The link itself, not its target: a link in place of the directory counts as another thing.
                ..loss("/opt/infrakt", format!("{size}{backups}")).with_identity(&self.opt_infrakt.kind)
            });
        }
        for list in [
            &mut losses.containers,
            &mut losses.images,
            &mut losses.volumes,
            &mut losses.networks,
            &mut losses.stacks,
            &mut losses.services,
            &mut losses.secrets,
            &mut losses.configs,
        ] {
            list.sort();
        }
        losses
    }
}

impl Entry {
    fn as_lost(&self) -> LossEntry {
        LossEntry {
            path: self.path.clone(),
            // Other files change while nothing of substance does; a backup with another time is another backup.
            modified: self.path.starts_with("backups/").then_some(self.modified),
        }
    }
}

fn loss(name: &str, detail: String) -> Loss {
    Loss::named(name).with_detail(detail)
}

fn named(thing: &Named) -> Loss {
    Loss::named(&thing.name).with_identity(&thing.id)
}
