//! Decisions: from an application and a model version to *granted* or *refused*, recorded with
//! everything that recomputes it, with its explanation and its audit events, in one
//! transaction; and what was said to explain it, to whom.

mod counterfactual;
mod decide;
mod decision;
mod explanation;

pub use counterfactual::{
    ChangeDocument, CounterfactualDocument, MovableDocument, ProposalDocument, show_counterfactual,
};
pub use decide::{Applicant, Decided, DecisionRequest, Idempotency, NewDecision, decide};
pub use decision::{
    Channel, Decision, DecisionError, Outcome, entity, find, history, list, per_day, recent,
};
pub use explanation::{
    ContributionDocument, ExplanationDocument, ReasonDocument, explain, show, shown_event,
    stored_contributions,
};
