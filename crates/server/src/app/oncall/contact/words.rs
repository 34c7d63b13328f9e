//! The words that carry a code to a phone, in every [`Language`].

use muster_core::org::channel::Channel;
use muster_core::org::language::Language;

/// Subject and text of the message that carries a code. A call says its digits one by one.
pub fn code(code: &str, channel: Channel, language: Language) -> (String, String) {
    let digits: Vec<_> = code.chars().map(String::from).collect();
    let code = if channel == Channel::Voice { digits.join(", ") } else { code.to_owned() };
    match language {
        Language::English => (
            format!("Your code for Muster is {code}"),
            "It is good for 10 minutes. Nobody asks you for it.".to_owned(),
        ),
        Language::German => (
            format!("Dein Code für Muster ist {code}"),
            "Er gilt 10 Minuten. Niemand fragt dich danach.".to_owned(),
        ),
        Language::French => (
            format!("Votre code pour Muster est {code}"),
            "Il est valable 10 minutes. Personne ne vous le demande.".to_owned(),
        ),
        Language::Spanish => (
            format!("Tu código para Muster es {code}"),
            "Vale 10 minutos. Nadie te lo pide.".to_owned(),
        ),
    }
}
