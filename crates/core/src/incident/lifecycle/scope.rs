//! How people say what the impact of an incident is (`I6`, `I9`, `D4`). It may be known better at any
//! time, long after the end too: what a bad hour cost is often known last.

use jiff::Timestamp;

use super::{Decision, Surroundings, WrongMove};
use crate::incident::impact::{Ask, Wrong};
use crate::incident::timeline::{Actor, Entry, Kind};

impl Decision {
    /// Whether anything changed: saying what is known already is no news.
    pub(super) fn tell_impact(
        &mut self,
        ask: Ask,
        actor: &Actor,
        around: &Surroundings<'_>,
        now: Timestamp,
    ) -> Result<bool, WrongMove> {
        let own = self.incident.service;
        let entry = |kind, text| Entry::new(now, kind, actor.clone(), text);
        match ask {
            Ask::Change(change) => {
                let said = self.incident.impact.change(change, own, around.directory);
                if said.is_empty() {
                    return Ok(false);
                }
                let text = format!("Impact: {}", said.join("; "));
                self.note(entry(Kind::ImpactChanged, text).with("said", said));
            }
            Ask::AddLoss { what, amount } => {
                let added = self.incident.impact.add_loss(what, amount);
                let loss = added.map_err(|wrong| self.wrong_loss(wrong))?;
                let (amount, currency) = (loss.amount.amount, &loss.amount.currency);
                let text = format!("Added a loss of {amount} {currency}: {}", loss.what);
                let entry = entry(Kind::LossAdded, text).with("number", loss.number);
                self.note(entry.with("amount", amount).with("currency", currency.as_str()));
            }
            Ask::StrikeLoss { number } => {
                let struck = self.incident.impact.strike_loss(number);
                let loss = struck.map_err(|wrong| self.wrong_loss(wrong))?;
                let (amount, currency) = (loss.amount.amount, &loss.amount.currency);
                let text = format!("Struck the loss of {amount} {currency}: {}", loss.what);
                self.note(entry(Kind::LossStruck, text).with("number", number));
            }
        }
        if self.incident.status.is_open() {
            self.worked(actor, around, now);
        }
        Ok(true)
    }

    fn wrong_loss(&self, wrong: Wrong) -> WrongMove {
        let number = self.incident.number;
        match wrong {
            Wrong::NoSuchLoss => WrongMove::NoSuchLoss { number },
            Wrong::Full => WrongMove::EnoughLosses { number },
        }
    }
}
