//! What comes back from providers: a button that somebody pressed, a key, a reply. Each channel
//! that can be answered reads its provider's calls into a [`Callback`], and believes nothing before
//! the provider's signature fits. Whose address it is and what the asks lead to is decided
//! elsewhere.

use muster_core::org::language::Language;

/// A provider's call as it came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallbackRequest {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// The address as the provider called it, from the public address of the installation on, with
    /// path and query: some providers sign it.
    pub url: String,
    /// What follows the provider's name in the path, without the first slash.
    pub rest: String,
    /// The query, without the question mark.
    pub query: String,
    /// Names in lower case; repeated headers stand more than once.
    pub headers: Vec<(String, String)>,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

impl CallbackRequest {
    /// The first value of a header, whose name is given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a person asks for in one word (`N4`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Choice {
    /// "I have it."
    Acknowledge,
    /// "It is over."
    Resolve,
    /// "Ask the next one."
    Escalate,
    /// "I cannot take it."
    Decline,
}

/// What a choice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// The page whose link ends in this token.
    PageToken(String),
    /// The incident of this number.
    Number(i64),
    /// The page whose message has this name with the provider, such as the one replied to.
    Message(String),
    /// Every open page of the person.
    Everything,
    /// The person's one open page; which, if there are several, has to be asked.
    OnlyOne,
}

/// One thing that a person asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// An answer to pages.
    Answer {
        /// In which sense.
        choice: Choice,
        /// To which of them.
        about: About,
    },
    /// A line of words that the server reads, such as a chat command: `who checkout`.
    Words(String),
    /// No more messages to this address.
    Stop,
    /// Messages to this address again.
    Start,
    /// What became of a message: the provider's receipt (`N2`).
    Receipt {
        /// The provider's reference of the message.
        reference: String,
        /// What the provider calls it: `delivered`.
        status: String,
        /// Whether the message will not arrive.
        failed: bool,
        /// Why, if the provider says so.
        detail: Option<String>,
    },
    /// A step of a call that somebody placed to have somebody paged.
    CallIn(CallIn),
    /// Nothing is asked; the provider only wants an answer.
    Nothing,
}

/// A step of a call that somebody placed to have somebody paged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallIn {
    /// It rings.
    Rings,
    /// The caller pressed a key.
    Chose(u32),
    /// The caller left a message.
    Recorded {
        /// The incident that the call led to.
        incident: i64,
        /// Where the provider keeps the recording.
        url: String,
        /// How long it is, in seconds.
        seconds: u32,
    },
}

/// What became of a provider's call.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answered {
    /// In words, for the person; may be empty.
    pub words: String,
    /// What the words are written in.
    pub language: Language,
    /// The incident that was opened or spoken of.
    pub incident: Option<i64>,
    /// Whether the words ask something back.
    pub asks_back: bool,
    /// Whether the same call was dealt with before, so that nothing was done now.
    pub is_repeated: bool,
}

impl From<String> for Answered {
    fn from(words: String) -> Self {
        Self { words, ..Self::default() }
    }
}

/// A provider's call that was read and believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Who it comes from, as an address of the channel; none for receipts and trials. Where the
    /// provider knows a person by several, they are parted by a blank.
    pub from: Option<String>,
    /// The name of the channel that the address belongs to.
    pub channel: &'static str,
    /// The provider's own reference of this call, by which a replay is told.
    pub reference: Option<String>,
    /// What is asked for.
    pub asks: Vec<Ask>,
    /// Where the words go that tell what became of it.
    pub answer: AnswerTo,
}

/// Where the words go that tell what became of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AnswerTo {
    /// Into the answer to the call itself, which the channel makes of them.
    Reply,
    /// Into the answer to the call, which changes the message that a button was pressed in.
    Edit {
        /// What the message said.
        original: String,
    },
    /// Into the answer to the call, which speaks to this chat.
    Chat {
        /// The provider's name for it.
        chat: String,
    },
    /// By a call of their own, after the answer to this one.
    Later(FollowUp),
    /// Nowhere; the call is answered as it is.
    Fixed(Reply),
}

/// What a call of our own needs that tells what became of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// Where to: an address that the provider gave, a chat, a room.
    pub to: String,
    /// What the provider said about the message that was answered.
    pub original: serde_json::Value,
}

/// The answer to a provider's call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: String,
}

impl Reply {
    /// Plain text.
    pub fn text(body: impl Into<String>) -> Self {
        Self { status: 200, content_type: "text/plain; charset=utf-8", body: body.into() }
    }

    /// JSON.
    pub fn json(body: &serde_json::Value) -> Self {
        Self { status: 200, content_type: "application/json", body: body.to_string() }
    }
}

/// Why a call is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not signed by the provider, or too old, or was changed on the way.
    #[error("the call is not signed by the provider: {0}")]
    Forged(String),
    /// It is signed and makes no sense.
    #[error("the call cannot be read: {0}")]
    Unreadable(String),
    /// The provider does not call back at all.
    #[error("a provider of type {0} does not call back")]
    NotExpected(&'static str),
}
