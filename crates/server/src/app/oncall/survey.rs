//! Asking how heavy a shift was (`O12`), once it is over, and taking the answer.

use muster_core::alerting::signal::cut;
use muster_core::id::{SurveyId, UserId};
use muster_core::oncall::cover::Span;
use muster_core::oncall::handoff::Change;
use muster_core::oncall::schedule::Schedule;
use muster_core::oncall::survey::{self, COMMENT_CHARS_MAX, Score, Survey};
use muster_core::org::directory::Directory;
use muster_store::oncall::survey as store_survey;
use muster_store::{Lane, StoreError, Tx};
use serde_json::json;

use super::NotPlanned;
use super::request::in_words;
use crate::app::App;
use crate::app::link::{derive, digest, encode};

impl App {
    /// Where the link of a survey leads.
    pub fn survey_url(&self, survey: SurveyId) -> String {
        format!("{}/p/survey/{}", self.settings.public_url, self.survey_token(survey))
    }

    fn survey_token(&self, survey: SurveyId) -> String {
        encode(derive(self.instance_key(), b"survey link", survey.0.as_bytes()))
    }

    /// Asks those whose shift has ended with a change of people, once.
    ///
    /// # Errors
    /// When the store refuses.
    pub(super) async fn ask_load(
        &self,
        tx: &mut Tx,
        directory: &Directory,
        schedule: &Schedule,
        change: &Change,
    ) -> Result<(), StoreError> {
        let now = self.now();
        for user in change.outgoing.iter().copied() {
            let Some(person) = directory.users.get(user) else { continue };
            let survey = Survey {
                id: SurveyId(self.ids.next(now)),
                schedule: schedule.id,
                user,
                from: change.since,
                to: change.at,
                asked_at: now,
                answer: None,
            };
            let hash = digest(&self.survey_token(survey.id));
            if !store_survey::insert(tx, &survey, hash).await? {
                continue;
            }
            let span = in_words(Span { from: survey.from, to: survey.to }, &person.timezone);
            let content = json!({
                "subject": format!("How was your shift of {}?", schedule.name),
                "text": format!("{}, {span}. One tap is enough.", schedule.name),
                "survey": survey.id.to_string(),
            });
            self.tell_person(tx, directory, user, &content).await?;
        }
        Ok(())
    }

    /// Somebody says how heavy their shift was.
    ///
    /// # Errors
    /// See [`NotPlanned`]; nothing has changed then.
    pub async fn answer_survey(
        &self,
        (id, by): (SurveyId, UserId),
        score: Score,
        mut comment: Option<String>,
    ) -> Result<Survey, NotPlanned> {
        if let Some(comment) = &mut comment {
            cut(comment, COMMENT_CHARS_MAX);
        }
        let mut tx = self.db.begin(Lane::Command).await?;
        let known = store_survey::lock(&mut tx, id).await?.filter(|survey| survey.user == by);
        let known = known.ok_or(NotPlanned::Missing("survey"))?;
        let said = survey::answer(known, score, comment, self.now())?;
        if let Some(answer) = &said.answer {
            store_survey::answer(&mut tx, id, answer).await?;
        }
        tx.commit().await?;
        Ok(said)
    }
}
