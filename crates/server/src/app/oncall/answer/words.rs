//! What is said to whoever answers, in every [`Language`].

use muster_core::incident::lifecycle::Incident;
use muster_core::org::language::Language;
use muster_integrations::channels::callback::Choice;

/// The most incidents that one answer names.
const NAMED_MAX: usize = 5;
/// How much of a title is said, in characters.
const TITLE_CHARS_MAX: usize = 60;

/// What became of something that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    /// It was done.
    Done { choice: Choice, numbers: Vec<i64> },
    /// The incident does not allow it.
    Refused { number: i64, why: String },
    /// Nothing asks for the person.
    NothingOpen,
    /// The number is none of the person's.
    NotYours { number: i64, yours: Vec<i64>, choice: Choice },
    /// There are several, and none was named.
    Which { of: Vec<String>, first: i64, choice: Choice },
    /// The link's page is over.
    Gone,
    /// The address is nobody's.
    Nobody,
    /// What an incident is, to hear it again.
    About(String),
    /// What became of words that a chat takes as well.
    Said(String),
    /// Messages come again.
    Started,
    /// Nothing was understood.
    Help,
    /// Nobody can be paged through this number.
    NoCalls,
    /// The caller may choose a service.
    Menu { organization: String, services: Vec<String> },
    /// Somebody is being paged.
    Paging { number: i64, service: String, records: bool },
    /// There is no such service to page for.
    NoService { name: String, known: Vec<String> },
    /// Too many calls.
    TooMany,
    /// The recording was kept.
    Kept,
    /// Who is on call.
    OnCall { of: String, people: Vec<String> },
}

/// Successes of the same kind in one sentence.
pub(super) fn gathered(told: Vec<Told>) -> Vec<Told> {
    let mut gathered: Vec<Told> = Vec::new();
    for told in told {
        if let Told::Done { choice, numbers } = &told
            && let Some(Told::Done { numbers: before, .. }) = gathered
                .iter_mut()
                .find(|known| matches!(known, Told::Done { choice: known, .. } if known == choice))
        {
            before.extend(numbers);
            continue;
        }
        gathered.push(told);
    }
    gathered
}

/// The name for the record.
pub(super) fn choice_name(choice: Choice) -> &'static str {
    match choice {
        Choice::Acknowledge => "acknowledge",
        Choice::Resolve => "resolve",
        Choice::Escalate => "escalate",
        Choice::Decline => "decline",
    }
}

fn digit(choice: Choice) -> &'static str {
    match choice {
        Choice::Acknowledge => "1",
        Choice::Resolve => "2",
        Choice::Escalate => "3",
        Choice::Decline => "decline",
    }
}

/// `42 SEV1 Disk full`.
pub(super) fn line(incident: &Incident) -> String {
    let title: String = incident.title.chars().take(TITLE_CHARS_MAX).collect();
    format!("{} SEV{} {title}", incident.number, incident.severity.number())
}

/// The words of one language; a text in braces is filled in.
struct Words {
    acknowledged: &'static str,
    resolved: &'static str,
    escalated: &'static str,
    declined: &'static str,
    refused: &'static str,
    nothing_open: &'static str,
    not_yours: &'static str,
    which: &'static str,
    gone: &'static str,
    nobody: &'static str,
    started: &'static str,
    help: &'static str,
    no_calls: &'static str,
    menu: &'static str,
    press: &'static str,
    paging: &'static str,
    speak: &'static str,
    no_service: &'static str,
    too_many: &'static str,
    kept: &'static str,
    on_call: &'static str,
    nobody_on_call: &'static str,
    and: &'static str,
    more: &'static str,
}

const ENGLISH: Words = Words {
    acknowledged: "You have {numbers}.",
    resolved: "Resolved: {numbers}.",
    escalated: "The next person is asked about {numbers}.",
    declined: "Somebody else is asked about {numbers}.",
    refused: "{number}: that did not work: {why}.",
    nothing_open: "Nothing asks for you.",
    not_yours: "No open page {number}; yours are {numbers}; reply {digit} {first}",
    which: "Which one? {of}. Reply {digit} {first}, or {digit} all",
    gone: "This page is no longer open.",
    nobody: "This address belongs to nobody here.",
    started: "Pages come here again. STOP ends them.",
    help: "Reply 1 to acknowledge, 2 to resolve, 3 to escalate, with a number (1 42) or all. To \
           page somebody: page SERVICE and what is wrong.",
    no_calls: "Nobody can be paged through this number.",
    menu: "This is {organization}.",
    press: "To page the on-call of {service}, press {digit}.",
    paging: "The on-call of {service} is paged about incident {number}.",
    speak: "After the tone, say what is wrong; press hash to end.",
    no_service: "There is no {name} to page for; known: {known}",
    too_many: "Too many calls within an hour. Nobody was paged.",
    kept: "Your message was added to the incident.",
    on_call: "On call for {of}: {people}",
    nobody_on_call: "Nobody is on call for {of}.",
    and: "and",
    more: "{count} more",
};

const GERMAN: Words = Words {
    acknowledged: "Übernommen: {numbers}.",
    resolved: "Gelöst: {numbers}.",
    escalated: "Der Nächste wird gefragt: {numbers}.",
    declined: "Jemand anderes wird gefragt: {numbers}.",
    refused: "{number}: das ging nicht: {why}.",
    nothing_open: "Nichts wartet auf dich.",
    not_yours: "Keine offene Störung {number}; deine sind {numbers}; Antwort: {digit} {first}",
    which: "Welche? {of}. Antwort: {digit} {first} oder {digit} all",
    gone: "Diese Meldung ist nicht mehr offen.",
    nobody: "Diese Adresse gehört hier niemandem.",
    started: "Meldungen kommen wieder. STOP beendet sie.",
    help: "Antwort: 1 übernehmen, 2 gelöst, 3 weitergeben, mit Nummer (1 42) oder all. Jemanden \
           rufen: page DIENST und was los ist.",
    no_calls: "Über diese Nummer kann niemand gerufen werden.",
    menu: "Hier ist {organization}.",
    press: "Für die Bereitschaft von {service} drücke {digit}.",
    paging: "Die Bereitschaft von {service} wird gerufen, Störung {number}.",
    speak: "Sage nach dem Ton, was los ist; die Rautetaste beendet.",
    no_service: "{name} gibt es nicht; bekannt: {known}",
    too_many: "Zu viele Anrufe in einer Stunde. Niemand wurde gerufen.",
    kept: "Deine Nachricht steht bei der Störung.",
    on_call: "Bereitschaft für {of}: {people}",
    nobody_on_call: "Niemand hat Bereitschaft für {of}.",
    and: "und",
    more: "{count} weitere",
};

const FRENCH: Words = Words {
    acknowledged: "Pris en charge : {numbers}.",
    resolved: "Résolu : {numbers}.",
    escalated: "La personne suivante est appelée : {numbers}.",
    declined: "Quelqu'un d'autre est appelé : {numbers}.",
    refused: "{number} : impossible : {why}.",
    nothing_open: "Rien ne vous attend.",
    not_yours: "Pas d'incident {number} ouvert ; les vôtres : {numbers} ; répondez {digit} {first}",
    which: "Lequel ? {of}. Répondez {digit} {first}, ou {digit} all",
    gone: "Cet appel n'est plus ouvert.",
    nobody: "Cette adresse n'appartient à personne ici.",
    started: "Les alertes reviennent ici. STOP les arrête.",
    help: "Répondez 1 prendre, 2 résolu, 3 escalader, avec un numéro (1 42) ou all. Pour appeler : \
           page SERVICE et ce qui ne va pas.",
    no_calls: "Personne ne peut être appelé par ce numéro.",
    menu: "Ici {organization}.",
    press: "Pour l'astreinte de {service}, appuyez sur {digit}.",
    paging: "L'astreinte de {service} est appelée pour l'incident {number}.",
    speak: "Après le signal, dites ce qui ne va pas ; dièse pour terminer.",
    no_service: "{name} n'existe pas ; connus : {known}",
    too_many: "Trop d'appels en une heure. Personne n'a été appelé.",
    kept: "Votre message est joint à l'incident.",
    on_call: "D'astreinte pour {of} : {people}",
    nobody_on_call: "Personne n'est d'astreinte pour {of}.",
    and: "et",
    more: "{count} autres",
};

const SPANISH: Words = Words {
    acknowledged: "Asumida: {numbers}.",
    resolved: "Resuelta: {numbers}.",
    escalated: "Se avisa a la siguiente persona: {numbers}.",
    declined: "Se avisa a otra persona: {numbers}.",
    refused: "{number}: no se pudo: {why}.",
    nothing_open: "Nada te espera.",
    not_yours: "No hay incidencia {number} abierta; las tuyas: {numbers}; responde {digit} {first}",
    which: "¿Cuál? {of}. Responde {digit} {first}, o {digit} all",
    gone: "Este aviso ya no está abierto.",
    nobody: "Esta dirección no es de nadie aquí.",
    started: "Los avisos llegan de nuevo. STOP los termina.",
    help: "Responde 1 asumir, 2 resuelto, 3 escalar, con número (1 42) o all. Para avisar: page \
           SERVICIO y qué pasa.",
    no_calls: "Por este número no se puede avisar a nadie.",
    menu: "Aquí {organization}.",
    press: "Para la guardia de {service}, pulsa {digit}.",
    paging: "Se avisa a la guardia de {service} por la incidencia {number}.",
    speak: "Tras la señal, di qué pasa; almohadilla para terminar.",
    no_service: "No hay {name}; conocidos: {known}",
    too_many: "Demasiadas llamadas en una hora. No se avisó a nadie.",
    kept: "Tu mensaje está en la incidencia.",
    on_call: "De guardia para {of}: {people}",
    nobody_on_call: "Nadie está de guardia para {of}.",
    and: "y",
    more: "{count} más",
};

impl Told {
    /// What is said.
    pub(super) fn text(&self, language: Language) -> String {
        let words = match language {
            Language::English => &ENGLISH,
            Language::German => &GERMAN,
            Language::French => &FRENCH,
            Language::Spanish => &SPANISH,
        };
        self.in_words(words)
    }

    fn in_words(&self, words: &Words) -> String {
        match self {
            Self::Done { choice, numbers } => {
                let text = match choice {
                    Choice::Acknowledge => words.acknowledged,
                    Choice::Resolve => words.resolved,
                    Choice::Escalate => words.escalated,
                    Choice::Decline => words.declined,
                };
                fill(text, &[("numbers", &listed(words, numbers))])
            }
            Self::Refused { number, why } => {
                fill(words.refused, &[("number", &number.to_string()), ("why", why)])
            }
            Self::NothingOpen => words.nothing_open.to_owned(),
            Self::NotYours { number, yours, choice } => fill(
                words.not_yours,
                &[
                    ("number", &number.to_string()),
                    ("numbers", &listed(words, yours)),
                    ("digit", digit(*choice)),
                    ("first", &yours.first().copied().unwrap_or_default().to_string()),
                ],
            ),
            Self::Which { of, first, choice } => fill(
                words.which,
                &[
                    ("of", &list(words, of, "; ")),
                    ("digit", digit(*choice)),
                    ("first", &first.to_string()),
                ],
            ),
            Self::Gone => words.gone.to_owned(),
            Self::Nobody => words.nobody.to_owned(),
            Self::About(text) | Self::Said(text) => text.clone(),
            Self::Started => words.started.to_owned(),
            Self::Help => words.help.to_owned(),
            other => other.of_call(words),
        }
    }

    fn of_call(&self, words: &Words) -> String {
        match self {
            Self::Menu { organization, services } => {
                let mut parts = vec![fill(words.menu, &[("organization", organization)])];
                for (digit, service) in (1..).zip(services) {
                    let digit: u32 = digit;
                    let values = [("service", service.as_str()), ("digit", &digit.to_string())];
                    parts.push(fill(words.press, &values));
                }
                parts.join(" ")
            }
            Self::Paging { number, service, records } => {
                let number = number.to_string();
                let values = [("service", service.as_str()), ("number", &number)];
                let mut text = fill(words.paging, &values);
                if *records {
                    text = format!("{text} {}", words.speak);
                }
                text
            }
            Self::NoService { name, known } => {
                let known = list(words, known, ", ");
                fill(words.no_service, &[("name", name), ("known", &known)])
            }
            Self::OnCall { of, people } if people.is_empty() => {
                fill(words.nobody_on_call, &[("of", of)])
            }
            Self::OnCall { of, people } => {
                fill(words.on_call, &[("of", of), ("people", &list(words, people, ", "))])
            }
            Self::NoCalls => words.no_calls.to_owned(),
            Self::TooMany => words.too_many.to_owned(),
            Self::Kept => words.kept.to_owned(),
            _ => words.help.to_owned(),
        }
    }
}

/// `42, 41 and 40`, or the first few and how many more.
fn listed(words: &Words, numbers: &[i64]) -> String {
    let numbers: Vec<_> = numbers.iter().map(i64::to_string).collect();
    match &numbers[..] {
        [before @ .., last] if !before.is_empty() && numbers.len() <= NAMED_MAX => {
            format!("{} {} {last}", before.join(", "), words.and)
        }
        _ => list(words, &numbers, ", "),
    }
}

fn list(words: &Words, items: &[String], between: &str) -> String {
    let mut named: Vec<_> = items.iter().take(NAMED_MAX).cloned().collect();
    let others = items.len().saturating_sub(NAMED_MAX);
    if others > 0 {
        named.push(fill(words.more, &[("count", &others.to_string())]));
    }
    named.join(between)
}

/// A text with its braces filled in. What is filled in is not looked at again.
fn fill(text: &str, values: &[(&str, &str)]) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_listed_as_people_say_them() {
        let done = |numbers: Vec<i64>| {
            Told::Done { choice: Choice::Acknowledge, numbers }.text(Language::English)
        };
        assert_eq!(done(vec![42]), "You have 42.");
        assert_eq!(done(vec![42, 41]), "You have 42 and 41.");
        assert_eq!(done((1..=7).collect()), "You have 1, 2, 3, 4, 5, 2 more.");
    }

    #[test]
    fn successes_of_one_kind_are_told_together() {
        let done = |number| Told::Done { choice: Choice::Resolve, numbers: vec![number] };
        let refused = Told::Refused { number: 3, why: "it is closed".to_owned() };
        assert_eq!(
            gathered(vec![done(1), refused.clone(), done(2)]),
            [Told::Done { choice: Choice::Resolve, numbers: vec![1, 2] }, refused]
        );
    }
}
