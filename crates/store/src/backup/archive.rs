//! The file of a backup: its header, its lines, its digest. It knows JSON and files and asks no
//! database. The format's number changes when an older program could misread the file.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::table::{Column, Kind, Table};
use super::{BackupError, Summary};
use crate::db::hex;

/// The format that this program writes and reads.
const FORMAT: u64 = 1;
/// The longest line that is read, in bytes: a message of the largest size, written in hexadecimal,
/// with ample room.
const LINE_BYTES_MAX: u64 = 64 * 1024 * 1024;
const BUFFER_BYTES: usize = 256 * 1024;

/// The first line: what follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) made_at: Timestamp,
    pub(super) schema: i64,
    pub(super) tables: Vec<Table>,
}

impl Header {
    pub(super) fn to_json(&self) -> Value {
        let tables = self.tables.iter().map(|table| {
            let columns =
                table.columns.iter().map(|column| json!([column.name, column.kind.name()]));
            json!({
                "name": table.name,
                "rows": table.row_count,
                "columns": columns.collect::<Value>(),
            })
        });
        json!({
            "muster_backup": FORMAT,
            "made_at": self.made_at.to_string(),
            "schema": self.schema,
            "tables": tables.collect::<Value>(),
        })
    }

    fn from_json(header: &Value) -> Option<Self> {
        let tables = header["tables"].as_array()?.iter().map(|table| {
            let columns = table["columns"].as_array()?.iter().map(|column| {
                let kind = Kind::from_name(column[1].as_str()?)?;
                Some(Column::saved(column[0].as_str()?.to_owned(), kind))
            });
            Some(Table {
                name: table["name"].as_str()?.to_owned(),
                columns: columns.collect::<Option<_>>()?,
                row_count: table["rows"].as_u64()?,
            })
        });
        Some(Self {
            made_at: header["made_at"].as_str()?.parse().ok()?,
            schema: header["schema"].as_i64()?,
            tables: tables.collect::<Option<_>>()?,
        })
    }

    pub(super) fn summary(&self, sha256: String) -> Summary {
        let tables =
            self.tables.iter().map(|table| (table.name.clone(), table.row_count)).collect();
        Summary { made_at: self.made_at, schema: self.schema, tables, sha256 }
    }
}

/// A file that is being written, under another name until it is whole.
pub(super) struct Writer {
    file: BufWriter<File>,
    hasher: Sha256,
    path: PathBuf,
    partial: Partial,
}

/// The name of an unfinished file, which is removed unless the file was finished.
struct Partial(Option<PathBuf>);

impl Drop for Partial {
    fn drop(&mut self) {
        if let Some(path) = self.0.take()
            && let Err(error) = std::fs::remove_file(&path)
        {
            tracing::warn!(%error, path = %path.display(), "an unfinished backup stays behind");
        }
    }
}

impl Writer {
    pub(super) async fn create(path: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        if fs::try_exists(path).await.map_err(failed)? {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".partial");
        let partial = PathBuf::from(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        options.mode(0o600);
        let file = options.open(&partial).await.map_err(failed)?;
        Ok(Self {
            file: BufWriter::with_capacity(BUFFER_BYTES, file),
            hasher: Sha256::new(),
            path: path.to_owned(),
            partial: Partial(Some(partial)),
        })
    }

    pub(super) async fn line(&mut self, value: &Value) -> Result<(), BackupError> {
        let mut line = value.to_string();
        line.push('\n');
        self.hasher.update(&line);
        let written = self.file.write_all(line.as_bytes()).await;
        written.map_err(|source| BackupError::File { path: self.path.clone(), source })
    }

    /// Writes the digest and gives the file its name; returns the digest.
    pub(super) async fn finish(mut self) -> Result<String, BackupError> {
        let sha256 = hex(&self.hasher.clone().finalize()).to_lowercase();
        self.line(&json!({ "sha256": sha256 })).await?;
        let path = self.path.clone();
        self.name().await.map_err(|source| BackupError::File { path, source })?;
        Ok(sha256)
    }

    async fn name(mut self) -> std::io::Result<()> {
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        if let Some(partial) = &self.partial.0 {
            fs::rename(partial, &self.path).await?;
        }
        self.partial.0 = None;
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        File::open(parent.unwrap_or(Path::new("."))).await?.sync_all().await
    }
}

/// A file that is being read.
pub(super) struct Reader {
    file: BufReader<File>,
    hasher: Sha256,
    path: PathBuf,
    pub(super) header: Header,
    seen: Vec<u64>,
}

impl Reader {
    pub(super) async fn open(path: &Path) -> Result<Self, BackupError> {
        let failed = |source| BackupError::File { path: path.to_owned(), source };
        let file = File::open(path).await.map_err(failed)?;
        let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
        let line = next_line(&mut file).await.map_err(failed)?;
        let first: Value = serde_json::from_slice(&line).map_err(|_| not_ours())?;
        match first["muster_backup"].as_u64() {
            Some(FORMAT) => {}
            Some(other) => {
                let reason = format!("format {other} is not known to this version");
                return Err(BackupError::Damaged(reason));
            }
            None => return Err(not_ours()),
        }
        let header = Header::from_json(&first)
            .ok_or_else(|| BackupError::Damaged("the header cannot be read".to_owned()))?;
        let hasher = Sha256::new().chain_update(&line);
        let seen = vec![0; header.tables.len()];
        Ok(Self { file, hasher, path: path.to_owned(), header, seen })
    }

    /// The next row, as the number of its table and the line that holds it. `None` is the end,
    /// and that all counts and the digest agree.
    pub(super) async fn row(&mut self) -> Result<Option<(usize, Value)>, BackupError> {
        let line = next_line(&mut self.file).await;
        let line = line.map_err(|source| BackupError::File { path: self.path.clone(), source })?;
        if line.last() != Some(&b'\n') {
            return Err(BackupError::Damaged("the file ends too early".to_owned()));
        }
        let value: Value = serde_json::from_slice(&line)
            .map_err(|error| BackupError::Damaged(format!("a line is not JSON: {error}")))?;
        let Some(row) = value.as_array() else {
            return self.end(&value).await.map(|()| None);
        };
        let table = row.first().and_then(Value::as_u64).and_then(|at| usize::try_from(at).ok());
        let known = table.and_then(|at| Some((at, self.header.tables.get(at)?)));
        match known {
            Some((at, table)) if table.columns.len() + 1 == row.len() => {
                self.hasher.update(&line);
                self.seen[at] += 1;
                Ok(Some((at, value)))
            }
            _ => Err(BackupError::Damaged("a row belongs to no table".to_owned())),
        }
    }

    async fn end(&mut self, trailer: &Value) -> Result<(), BackupError> {
        let sha256 = self.sha256();
        if trailer["sha256"].as_str() != Some(&sha256) {
            return Err(BackupError::Damaged("the digest does not match".to_owned()));
        }
        for (table, seen) in self.header.tables.iter().zip(&self.seen) {
            if table.row_count != *seen {
                let Table { name, row_count, .. } = table;
                let reason = format!("{name} has {seen} rows and should have {row_count}");
                return Err(BackupError::Damaged(reason));
            }
        }
        match self.file.read(&mut [0]).await {
            Ok(0) => Ok(()),
            Ok(_) => Err(BackupError::Damaged("something follows the digest".to_owned())),
            Err(source) => Err(BackupError::File { path: self.path.clone(), source }),
        }
    }

    /// The digest of what was read so far; of the whole file, once [`Reader::row`] gave `None`.
    pub(super) fn sha256(&self) -> String {
        hex(&self.hasher.clone().finalize()).to_lowercase()
    }
}

/// The next line with its end; empty at the end of the file, without its end if it is too long.
async fn next_line(file: &mut (impl AsyncBufRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.take(LINE_BYTES_MAX).read_until(b'\n', &mut line).await?;
    Ok(line)
}

fn not_ours() -> BackupError {
    BackupError::Damaged("this is not a backup of muster".to_owned())
}
