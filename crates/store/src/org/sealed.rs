//! Documents that may hold secrets (signing keys of integrations, tokens of providers, addresses that
//! let whoever knows them send) stand sealed in the store, whole, with ChaCha20-Poly1305 under a key
//! derived from the installation's own. It keeps them out of dumps of a table, queries and replicas
//! of a part; whoever holds the whole database holds the key as well. What an earlier version wrote
//! is read as it stands and sealed by [`seal_stored`]; until that was asked for once, nothing is
//! sealed, because a node of the earlier version may still run and could not read it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use uuid::Uuid;

use crate::args;
use crate::db::{Result, Sql, StoreError, Tx};
use crate::org::document::Kind;
use crate::setting;

/// The setting that says that documents are written sealed.
const SEALED: &str = "documents_sealed";
/// What a sealed document begins with; another way of sealing has another beginning.
const MARK: &str = "sealed1:";
/// What the keys are derived for.
const PURPOSE: &[u8] = b"configuration documents";
const NONCES: &[u8] = b"configuration nonces";
/// The kinds whose documents may hold a secret.
const HOLD_SECRETS: [Kind; 6] =
    [Kind::User, Kind::Service, Kind::Integration, Kind::Watch, Kind::Webhook, Kind::Providers];
/// The most documents, versions and drafts of one kind in one portion.
const PORTION_MAX: usize = 100;

/// The keys of the installation, if it has any yet, and whether new documents are sealed.
pub(super) struct Seal {
    keys: Option<(LessSafeKey, hmac::Key)>,
    writes: bool,
}

impl Seal {
    /// As this transaction sees it.
    pub(super) async fn of(tx: &mut Tx) -> Result<Self> {
        const BOTH: Sql = Sql::same("SELECT name, value FROM setting WHERE name IN (?, ?)");
        let rows: Vec<(String, Vec<u8>)> =
            tx.fetch_all(&BOTH, args![SEALED, setting::INSTANCE_KEY]).await?;
        let value = |name: &str| rows.iter().find(|row| row.0 == name).map(|row| &row.1);
        let writes = value(SEALED).is_some();
        let Some(instance_key) = value(setting::INSTANCE_KEY) else {
            return Ok(Self { keys: None, writes });
        };
        let instance = hmac::Key::new(hmac::HMAC_SHA256, instance_key);
        let derived = hmac::sign(&instance, PURPOSE);
        let key = UnboundKey::new(&CHACHA20_POLY1305, derived.as_ref())
            .map_err(|_| StoreError::Corrupt("the instance key is no key".to_owned()))?;
        let nonces = hmac::sign(&instance, NONCES);
        let nonces = hmac::Key::new(hmac::HMAC_SHA256, nonces.as_ref());
        Ok(Self { keys: Some((LessSafeKey::new(key), nonces)), writes })
    }

    /// The text as it is to be stored.
    pub(super) fn close(&self, kind: Kind, name: &str, text: String) -> Result<String> {
        if self.writes && HOLD_SECRETS.contains(&kind) {
            self.seal(kind, name, text)
        } else {
            Ok(text)
        }
    }

    /// The text that was stored.
    pub(super) fn open(&self, kind: &str, name: &str, stored: String) -> Result<String> {
        let Some(sealed) = stored.strip_prefix(MARK) else { return Ok(stored) };
        let unreadable = || {
            let why = "is sealed and cannot be read with this installation's key";
            StoreError::Corrupt(format!("the {kind} `{name}` {why}"))
        };
        let (key, _) = self.keys.as_ref().ok_or_else(unreadable)?;
        let mut bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| unreadable())?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN).ok_or_else(unreadable)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| unreadable())?;
        let opened = key
            .open_in_place(nonce, Aad::from(object(kind, name)), sealed)
            .map_err(|_| unreadable())?;
        String::from_utf8(opened.to_vec()).map_err(|_| unreadable())
    }

    /// The nonce is a digest of what is sealed, so that it needs no chance and differs wherever the
    /// text does.
    fn seal(&self, kind: Kind, name: &str, text: String) -> Result<String> {
        let Some((key, nonces)) = &self.keys else { return Ok(text) };
        let object = object(kind.name(), name);
        let mut context = hmac::Context::with_key(nonces);
        context.update(&object);
        context.update(&[0]);
        context.update(text.as_bytes());
        let mut nonce = [0; NONCE_LEN];
        nonce.copy_from_slice(&context.sign().as_ref()[..NONCE_LEN]);
        let mut sealed = text.into_bytes();
        key.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(object),
            &mut sealed,
        )
        .map_err(|_| {
            StoreError::Corrupt(format!("the {} `{name}` cannot be sealed", kind.name()))
        })?;
        Ok(MARK.to_owned() + &STANDARD_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }
}

/// What is sealed for one document opens for no other.
fn object(kind: &str, name: &str) -> Vec<u8> {
    [kind.as_bytes(), b"\0", name.as_bytes()].concat()
}

/// From now on documents are written sealed. A new installation says so at once.
pub async fn begin(tx: &mut Tx) -> Result<()> {
    setting::put_new(tx, SEALED, b"1").await?;
    Ok(())
}

/// Seals a portion of the documents, kept versions and drafts that stand as an earlier version wrote
/// them. Says how many that were; where there were none, none is left.
pub async fn seal_stored(tx: &mut Tx) -> Result<u64> {
    const OBJECTS: Sql = Sql::same(
        "SELECT id, name, document FROM config_object
         WHERE kind = ? AND document NOT LIKE 'sealed%' ORDER BY id LIMIT ?",
    );
    const OBJECT: Sql = Sql::same("UPDATE config_object SET document = ? WHERE id = ?");
    const VERSIONS: Sql = Sql::same(
        "SELECT name, revision, document FROM config_version
         WHERE kind = ? AND document NOT LIKE 'sealed%' ORDER BY name, revision LIMIT ?",
    );
    const VERSION: Sql = Sql::same(
        "UPDATE config_version SET document = ? WHERE kind = ? AND name = ? AND revision = ?",
    );
    const DRAFTS: Sql = Sql::same(
        "SELECT name, actor, document FROM config_draft
         WHERE kind = ? AND document NOT LIKE 'sealed%' ORDER BY name, actor LIMIT ?",
    );
    const DRAFT: Sql =
        Sql::same("UPDATE config_draft SET document = ? WHERE kind = ? AND name = ? AND actor = ?");
    let seal = Seal::of(tx).await?;
    if seal.keys.is_none() {
        return Ok(0);
    }
    let limit = i64::try_from(PORTION_MAX).unwrap_or(i64::MAX);
    let mut count = 0;
    for kind in HOLD_SECRETS {
        let rows: Vec<(Uuid, String, String)> =
            tx.fetch_all(&OBJECTS, args![kind.name(), limit]).await?;
        for (id, name, document) in rows {
            let sealed = seal.seal(kind, &name, document)?;
            count += tx.execute(&OBJECT, args![sealed, id]).await?;
        }
        let rows: Vec<(String, i64, String)> =
            tx.fetch_all(&VERSIONS, args![kind.name(), limit]).await?;
        for (name, revision, document) in rows {
            let sealed = seal.seal(kind, &name, document)?;
            count += tx.execute(&VERSION, args![sealed, kind.name(), name, revision]).await?;
        }
        let rows: Vec<(String, String, String)> =
            tx.fetch_all(&DRAFTS, args![kind.name(), limit]).await?;
        for (name, actor, document) in rows {
            let sealed = seal.seal(kind, &name, document)?;
            count += tx.execute(&DRAFT, args![sealed, kind.name(), name, actor]).await?;
        }
    }
    Ok(count)
}
