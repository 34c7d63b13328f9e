//! Files that show something (`L8`, `T2`): pictures, logs, documents. What a file is is read from its
//! bytes and never from what whoever uploads it says; what is not on the list is not taken. Its name is
//! one on every system and ends as its kind does, so that nothing opens it as a program.

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
/// The largest file that is no picture, in bytes.
pub const FILE_BYTES_MAX: usize = 10 * 1024 * 1024;
/// The most files of one incident.
const FILES_MAX: i64 = 200;
/// The longest name, in characters.
const NAME_CHARS_MAX: usize = 200;

/// A kind of file that is taken, with the endings that its name may have; the first is added where it
/// has none of them.
struct Sort {
    media_type: &'static str,
    endings: &'static [&'static str],
}

/// What is read as text, whatever it holds.
const TEXT: Sort = Sort {
    media_type: "text/plain",
    endings: &[
        "txt", "log", "csv", "tsv", "json", "jsonl", "har", "yaml", "yml", "toml", "ini", "conf",
        "md", "sql", "diff", "patch", "pem",
    ],
};

/// What is taken besides text.
const SORTS: [Sort; 10] = [
    Sort { media_type: "image/png", endings: &["png"] },
    Sort { media_type: "image/jpeg", endings: &["jpg", "jpeg"] },
    Sort { media_type: "image/webp", endings: &["webp"] },
    Sort { media_type: "image/gif", endings: &["gif"] },
    Sort { media_type: "application/pdf", endings: &["pdf"] },
    Sort { media_type: "application/zip", endings: &["zip"] },
    Sort { media_type: "application/gzip", endings: &["gz", "tgz"] },
    Sort {
        media_type: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        endings: &["docx"],
    },
    Sort {
        media_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        endings: &["xlsx"],
    },
    Sort {
        media_type: "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        endings: &["pptx"],
    },
];

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// There is no such incident.
    #[error("there is no such incident")]
    NoSuchIncident,
    /// It is something else.
    #[error(
        "is none of the kinds that are taken: PNG, JPEG, WebP and GIF pictures, text such as logs, \
         CSV and JSON, PDF, ZIP, gzip, DOCX, XLSX, PPTX; link to anything else"
    )]
    OtherKind,
    /// It is too large.
    #[error("the file is larger than {} MiB", .bytes_max / 1024 / 1024)]
    TooLarge {
        /// How large it may be.
        bytes_max: usize,
    },
    /// There are enough.
    #[error("the incident has {FILES_MAX} files already; link to more")]
    Enough,
    /// The store does not answer.
    #[error("the store does not answer: {0}")]
    Store(#[from] StoreError),
}

/// Whether a file is a picture, which is shown where it stands; anything else is downloaded.
pub fn is_picture(media_type: &str) -> bool {
    media_type.starts_with("image/")
}

impl App {
    /// Takes a file for an incident.
    ///
    /// # Errors
    /// See [`NotTaken`].
    pub async fn take_file(
        &self,
        incident: IncidentId,
        name: &str,
        bytes: &[u8],
        by: &Actor,
    ) -> Result<AttachmentId, NotTaken> {
        let sort = sort_of(bytes).ok_or(NotTaken::OtherKind)?;
        let media_type = sort.media_type;
        let bytes_max = if is_picture(media_type) { PICTURE_BYTES_MAX } else { FILE_BYTES_MAX };
        if bytes.len() > bytes_max {
            return Err(NotTaken::TooLarge { bytes_max });
        }
        let now = self.now();
        let mut tx = self.db.begin(Lane::Command).await?;
        store_incident::lock(&mut tx, incident).await?.ok_or(NotTaken::NoSuchIncident)?;
        if attachment::count(&mut tx, incident).await? >= FILES_MAX {
            return Err(NotTaken::Enough);
        }
        let id = AttachmentId(self.ids.next(now));
        let name = file_name(name, sort);
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

/// What the bytes are, if they are of a kind that is taken.
fn sort_of(bytes: &[u8]) -> Option<&'static Sort> {
    match infer::get(bytes) {
        Some(kind) => SORTS.iter().find(|sort| sort.media_type == kind.mime_type()),
        None => is_text(bytes).then_some(&TEXT),
    }
}

/// Whether bytes are text that is no markup, which a browser could be talked into running.
fn is_text(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let is_control = |one: char| one.is_control() && !matches!(one, '\n' | '\r' | '\t' | '\u{1b}');
    let begin = text.trim_start_matches('\u{feff}').trim_start();
    let is_markup = begin.strip_prefix('<').is_some_and(|rest| {
        rest.starts_with(|one: char| one.is_ascii_alphabetic() || one == '!' || one == '?')
    });
    !begin.is_empty() && !is_markup && !begin.starts_with("#!") && !text.contains(is_control)
}

/// A name that is one on every system: the last part of a path, without what means something, ending
/// as its kind does.
fn file_name(name: &str, sort: &Sort) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept = last.chars().filter(|one| !means_something(*one));
    let name: String = kept.take(NAME_CHARS_MAX).collect();
    let name = name.trim().trim_start_matches('.').trim_end_matches('.').to_owned();
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    let ends_right = ending.is_some_and(|ending| sort.endings.contains(&ending.as_str()));
    let first = sort.endings.first().copied().unwrap_or("txt");
    match (name.is_empty(), ends_right) {
        (true, _) if is_picture(sort.media_type) => format!("picture.{first}"),
        (true, _) => format!("file.{first}"),
        (false, true) => name,
        (false, false) => format!("{name}.{first}"),
    }
}

/// Whether a character means something to a file system, a terminal, or whoever reads a name: those
/// that turn the direction of writing make `fdp.exe` of a name that ends in `exe.pdf`.
fn means_something(one: char) -> bool {
    one.is_control()
        || "\"<>:|?*".contains(one)
        || matches!(one, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PNG: &Sort = &SORTS[0];
    const PDF: &Sort = &SORTS[4];

    #[test]
    fn a_name_is_one_on_every_system_and_ends_as_its_kind_does() {
        for (given, sort, kept) in [
            ("graph.png", PNG, "graph.png"),
            ("../../etc/passwd", &TEXT, "passwd.txt"),
            ("C:\\pictures\\a\"b.PNG", PNG, "ab.PNG"),
            ("..", PNG, "picture.png"),
            ("", &TEXT, "file.txt"),
            ("a\r\nset-cookie: x", &TEXT, "aset-cookie x.txt"),
            ("invoice.exe", PDF, "invoice.exe.pdf"),
            ("page.html", &TEXT, "page.html.txt"),
            ("app.log", &TEXT, "app.log"),
            ("harm\u{202e}fdp.exe", PDF, "harmfdp.exe.pdf"),
        ] {
            assert_eq!(file_name(given, sort), kept);
        }
    }

    #[test]
    fn what_a_file_is_is_read_from_its_bytes() {
        let kind = |bytes: &[u8]| sort_of(bytes).map(|sort| sort.media_type);
        assert_eq!(kind(b"%PDF-1.7 and more"), Some("application/pdf"));
        assert_eq!(kind(b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), Some("application/gzip"));
        for text in ["{\"a\": 1}", "<34>1 2026-11-21 syslog", "a,b\n1,2", "\u{1b}[31mred"] {
            assert_eq!(kind(text.as_bytes()), Some("text/plain"), "{text}");
        }
        let wrong: [&[u8]; 9] = [
            b"",
            b" \n",
            b"<html><script>alert(1)</script>",
            b"\xef\xbb\xbf <svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<?xml version=\"1.0\"?>",
            b"#!/bin/sh\nrm -rf /",
            b"MZ\x90\0\x03\0\0\0",
            b"\x7fELF\x02\x01\x01",
            b"\xff\xfe\0binary",
        ];
        for bytes in wrong {
            assert_eq!(kind(bytes), None, "{bytes:?}");
        }
    }
}
