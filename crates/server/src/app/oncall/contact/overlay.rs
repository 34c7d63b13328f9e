//! What people chose, laid over what the configuration says: their methods beside its methods,
//! their rules, language and quiet hours instead of its own. Something that cannot be read costs
//! that one thing, with a warning, and never the rest.

use std::collections::HashMap;

use jiff::SignedDuration;
use jiff::civil::Time;
use muster_core::id::{ContactMethodId, UserId};
use muster_core::incident::severity::Urgency;
use muster_core::org::channel::Channel;
use muster_core::org::directory::{Directory, Table};
use muster_core::org::language::Language;
use muster_core::org::quiet::QuietHours;
use muster_core::org::user::{Address, ContactMethod, NotificationRule, User};
use muster_store::oncall::contact::{Chosen, MethodRow, RuleRow};

use crate::app::seal::{ADDRESS, open};

/// The directory with what people chose.
pub fn lay(
    directory: &Directory,
    chosen: &Chosen,
    instance_key: &[u8; 32],
    warnings: &mut Vec<String>,
) -> Directory {
    let mut methods: HashMap<UserId, Vec<ContactMethod>> = HashMap::new();
    for row in &chosen.methods {
        match method(row, instance_key) {
            Some(method) => methods.entry(UserId(row.user_id)).or_default().push(method),
            None => warnings.push(format!("the contact method `{}` cannot be read", row.name)),
        }
    }
    let blocks: HashMap<_, _> =
        chosen.blocks.iter().map(|row| (ContactMethodId(row.method_id), &row.reason)).collect();
    let mut users: Vec<User> = directory.users.iter().cloned().collect();
    for user in &mut users {
        user.contact_methods.extend(methods.remove(&user.id).unwrap_or_default());
        for method in &mut user.contact_methods {
            method.disabled = blocks.get(&method.id).map(|reason| (*reason).clone());
        }
        let preference = chosen.preferences.iter().find(|row| row.user_id == user.id.0);
        if let Some(row) = preference {
            let language = row.language.as_deref().and_then(Language::from_name);
            user.language = language.unwrap_or(user.language);
            let quiet = row.quiet_from.and_then(time).zip(row.quiet_to.and_then(time));
            let quiet = quiet.map(|(from, to)| QuietHours { from, to });
            user.quiet_hours = quiet.or(user.quiet_hours);
        }
        for (urgency, rules) in
            [(Urgency::High, &mut user.rules_high), (Urgency::Low, &mut user.rules_low)]
        {
            let of_user =
                |row: &&RuleRow| row.user_id == user.id.0 && row.urgency == urgency.name();
            let own: Vec<_> = chosen.rules.iter().filter(of_user).map(rule).collect();
            if !own.is_empty() {
                *rules = own;
            }
        }
    }
    Directory { users: Table::new(users), ..directory.clone() }
}

fn method(row: &MethodRow, instance_key: &[u8; 32]) -> Option<ContactMethod> {
    let text = open(instance_key, ADDRESS, row.id.as_bytes(), &row.address).ok()?;
    let address = match Channel::from_name(&row.channel)? {
        Channel::Webhook => Address::Webhook { url: text, secret: None },
        Channel::Email => Address::Email { mailbox: text },
        channel => Address::Direct { channel, address: text },
    };
    Some(ContactMethod {
        id: ContactMethodId(row.id),
        name: row.name.clone(),
        address,
        verified: row.verified_at.is_some(),
        disabled: None,
        is_own: true,
    })
}

fn rule(row: &RuleRow) -> NotificationRule {
    NotificationRule {
        after: SignedDuration::from_micros(row.after_us),
        method: ContactMethodId(row.method_id),
    }
}

fn time(minutes: i64) -> Option<Time> {
    let (hour, minute) = (i8::try_from(minutes / 60).ok()?, i8::try_from(minutes % 60).ok()?);
    Time::new(hour, minute, 0, 0).ok()
}
