//! Pictures that show something (`L8`): what they are is read from their first bytes and never from
//! what whoever uploads them says.

use muster_core::id::{AttachmentId, IncidentId};
use muster_core::incident::timeline::Actor;
use muster_store::incident::attachment::{self, NewAttachment};
use muster_store::incident::incident as store_incident;
use muster_store::{Lane, StoreError, audit};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::ids;

/// The largest picture, in bytes.
pub const PICTURE_BYTES_MAX: usize = 5 * 1024 * 1024;
/// The most pictures of one incident.
const PICTURES_MAX: i64 = 200;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 200;
/// What is taken.
const MEDIA_TYPES: [&str; 4] = ["image/png", "image/jpeg", "image/webp", "image/gif"];

/// Why a picture is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There is no such incident.
    #[error("there is no such incident")]
    NoSuchIncident,
    /// It is something else.
    #[error("is no picture: PNG, JPEG, WebP and GIF are taken; link to anything else")]
    NoPicture,
    /// It is too large.
    #[error("the picture is larger than 5 MiB")]
    TooLarge,
    /// There are enough.
    #[error("the incident has {PICTURES_MAX} pictures already; link to more")]
    Enough,
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

impl App {
    /// Takes a picture for an incident.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn take_picture(
        &self,
        incident: IncidentId,
        name: &str,
        bytes: &[u8],
        by: &Actor,
    ) -> Result<AttachmentId, NotTaken> {
        if bytes.len() > PICTURE_BYTES_MAX {
            return Err(NotTaken::TooLarge);
        }
        let kind = infer::get(bytes).map(|kind| kind.mime_type());
        let media_type =
            kind.filter(|kind| MEDIA_TYPES.contains(kind)).ok_or(NotTaken::NoPicture)?;
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        store_incident::lock(&mut tx, incident).await?.ok_or(NotTaken::NoSuchIncident)?;
        if attachment::count(&mut tx, incident).await? >= PICTURES_MAX {
            return Err(NotTaken::Enough);
        }
        let id = AttachmentId(self.ids.next(now));
        let name = file_name(name);
        let sha256: [u8; 32] = Sha256::digest(bytes).into();
        let file = NewAttachment { id, incident, name: &name, media_type, sha256, bytes };
        attachment::insert(&mut tx, &file, by, now).await?;
        let entry = audit::Entry {
            id: self.ids.next(now),
            at: now,
            actor_kind: by.kind().to_owned(),
            actor_id: by.user().map(|user| user.0),
            action: "attachment.uploaded".to_owned(),
            object_kind: "incident".to_owned(),
            object_id: incident.to_string(),
            data: json!({ "attachment": id.to_string(), "size": bytes.len() }),
        };
        audit::append_all(&mut tx, &[(entry, ids::random())]).await?;
        tx.commit().await?;
        Ok(id)
    }
}

/// A name that is one on every system: the last part of a path, without what means something.
fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|one| !one.is_control() && !"\"<>:|?*".contains(*one));
    let name: String = kept.take(NAME_CHARS_MAX).collect();
    let name = name.trim().trim_start_matches('.').to_owned();
    if name.is_empty() { "picture".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_on_every_system() {
        for (given, kept) in [
            ("graph.png", "graph.png"),
            ("../../etc/passwd", "passwd"),
            ("C:\\pictures\\a\"b.png", "ab.png"),
            ("..", "picture"),
            ("a\r\nset-cookie: x", "aset-cookie x"),
        ] {
            assert_eq!(file_name(given), kept);
        }
    }
}
