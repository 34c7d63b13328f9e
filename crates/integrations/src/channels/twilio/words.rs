//! The words of text messages and calls in every [`Language`]. A text in braces is filled in.

use muster_core::org::language::Language;

/// What is said, in one language.
pub(super) struct Words {
    /// How a person is asked outside of the policy.
    pub requests: &'static str,
    /// That the message may have come before.
    pub repeat: &'static str,
    /// How to answer one page.
    pub reply: &'static str,
    /// How to answer several.
    pub reply_all: &'static str,
    /// Where people meet.
    pub bridge: &'static str,
    /// How many there are.
    pub many: &'static str,
    /// Those that are not listed.
    pub more: &'static str,
    /// A page that needs no answer any more, by how it ended.
    pub acked: &'static str,
    pub resolved: &'static str,
    pub withdrawn: &'static str,
    pub declined: &'static str,
    /// Who ended it.
    pub by: &'static str,
    /// A trial.
    pub test: &'static str,
    /// What is wrong, where the organisation has no words of its own for it.
    pub subject: &'static str,
    /// What a call begins with.
    pub spoken: &'static str,
    /// How a call about several begins.
    pub spoken_many: &'static str,
    /// Which keys to press.
    pub keys: &'static str,
    /// Which keys to press for several.
    pub keys_all: &'static str,
    /// The end of a call in which no key was pressed.
    pub no_key: &'static str,
    /// How a call ends.
    pub goodbye: &'static str,
}

/// The words of a language.
pub(super) fn words(language: Language) -> &'static Words {
    match language {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::French => &FRENCH,
        Language::Spanish => &SPANISH,
    }
}

/// A text with its braces filled in. What is filled in is not looked at again.
pub(super) fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(
            values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value),
        );
        rest = after;
    }
    out + rest
}

const ENGLISH: Words = Words {
    requests: "({name} requests you)",
    repeat: "(perhaps again)",
    reply: "Reply 1 ack, 2 resolve, 3 escalate",
    bridge: "Bridge",
    reply_all: "Reply 1 all to ack all, or 1 {number} for one",
    many: "{count} incidents ask for you",
    more: "and {count} more",
    acked: "#{number} is acknowledged",
    resolved: "#{number} is resolved",
    withdrawn: "#{number} asks for you no more",
    declined: "#{number} was declined",
    by: "by {name}",
    test: "Test from Muster, requested by {name}. If this reached you, there is nothing to do.",
    subject: "{service}: {title}",
    spoken: "This is Muster. Severity {level}. Incident {number}, {subject}.",
    spoken_many: "This is Muster. {count} incidents ask for you. The most urgent has severity \
                  {level}. Incident {number}, {subject}.",
    keys: "Press 1 to acknowledge, 2 to resolve, 3 to escalate, 4 to hear it again.",
    keys_all: "Press 1 to acknowledge all of them, 3 to escalate all of them.",
    no_key: "No key was pressed. Nothing is acknowledged.",
    goodbye: "Goodbye.",
};

const GERMAN: Words = Words {
    requests: "({name} bittet um Hilfe)",
    repeat: "(womöglich wiederholt)",
    reply: "Antwort: 1 übernehmen, 2 gelöst, 3 weitergeben",
    bridge: "Konferenz",
    reply_all: "Antwort: 1 all übernimmt alle, 1 {number} eine",
    many: "{count} Störungen warten auf dich",
    more: "und {count} weitere",
    acked: "#{number} ist übernommen",
    resolved: "#{number} ist gelöst",
    withdrawn: "#{number} braucht dich nicht mehr",
    declined: "#{number} wurde abgelehnt",
    by: "von {name}",
    test: "Test von Muster, angefordert von {name}. Wenn dies ankommt, ist nichts zu tun.",
    subject: "{service}: {title}",
    spoken: "Hier ist Muster. Schweregrad {level}. Störung {number}, {subject}.",
    spoken_many: "Hier ist Muster. {count} Störungen warten auf dich. Die dringendste hat \
                  Schweregrad {level}. Störung {number}, {subject}.",
    keys: "Drücke 1 zum Übernehmen, 2 für gelöst, 3 zum Weitergeben, 4 zum Wiederholen.",
    keys_all: "Drücke 1, um alle zu übernehmen, 3, um alle weiterzugeben.",
    no_key: "Es wurde keine Taste gedrückt. Nichts ist übernommen.",
    goodbye: "Auf Wiederhören.",
};

const FRENCH: Words = Words {
    requests: "({name} vous demande)",
    repeat: "(peut-être répété)",
    reply: "Répondez 1 prendre, 2 résolu, 3 escalader",
    bridge: "Conférence",
    reply_all: "Répondez 1 all pour tout prendre, ou 1 {number}",
    many: "{count} incidents vous attendent",
    more: "et {count} autres",
    acked: "#{number} est pris en charge",
    resolved: "#{number} est résolu",
    withdrawn: "#{number} ne vous demande plus",
    declined: "#{number} a été refusé",
    by: "par {name}",
    test: "Test de Muster, demandé par {name}. Si ce message arrive, il n'y a rien à faire.",
    subject: "{service} : {title}",
    spoken: "Ici Muster. Gravité {level}. Incident {number}, {subject}.",
    spoken_many: "Ici Muster. {count} incidents vous attendent. Le plus urgent a la gravité \
                  {level}. Incident {number}, {subject}.",
    keys: "Appuyez sur 1 pour prendre en charge, 2 pour résolu, 3 pour escalader, 4 pour réécouter.",
    keys_all: "Appuyez sur 1 pour tout prendre en charge, 3 pour tout escalader.",
    no_key: "Aucune touche n'a été pressée. Rien n'est pris en charge.",
    goodbye: "Au revoir.",
};

const SPANISH: Words = Words {
    requests: "({name} te necesita)",
    repeat: "(quizá repetido)",
    reply: "Responde 1 asumir, 2 resuelto, 3 escalar",
    bridge: "Conferencia",
    reply_all: "Responde 1 all para asumir todas, o 1 {number}",
    many: "{count} incidencias te esperan",
    more: "y {count} más",
    acked: "#{number} está asumida",
    resolved: "#{number} está resuelta",
    withdrawn: "#{number} ya no te necesita",
    declined: "#{number} fue rechazada",
    by: "por {name}",
    test: "Prueba de Muster, pedida por {name}. Si te llega, no hay nada que hacer.",
    subject: "{service}: {title}",
    spoken: "Aquí Muster. Gravedad {level}. Incidencia {number}, {subject}.",
    spoken_many: "Aquí Muster. {count} incidencias te esperan. La más urgente tiene gravedad \
                  {level}. Incidencia {number}, {subject}.",
    keys: "Pulsa 1 para asumir, 2 para resuelto, 3 para escalar, 4 para oírlo de nuevo.",
    keys_all: "Pulsa 1 para asumir todas, 3 para escalar todas.",
    no_key: "No se pulsó ninguna tecla. Nada queda asumido.",
    goodbye: "Adiós.",
};
