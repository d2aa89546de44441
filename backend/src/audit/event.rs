//! One audit event: the closed list of actions, who acted, and on what.

use sea_orm::prelude::Uuid;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// Everything that leaves an event. A name, once released, keeps its meaning for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    SignedIn,
    SignInFailed,
    SignedOut,
    SignedOutEverywhere,
    TokenIssued,
    PasswordChanged,
    PasswordLinkMade,
    PasswordLinkUsed,
    LanguageChanged,
    AccessDenied,
    TenantCreated,
    UserCreated,
    UserDisabled,
    UserEnabled,
    ApiKeyCreated,
    ApiKeyApproved,
    ApiKeyRefused,
    ApiKeyRevoked,
    ClientsImported,
    ClientCreated,
    ClientChanged,
    ClientViewed,
    ClientsScored,
    ModelTrained,
    ModelImported,
    AliasMoved,
    DecisionMade,
    DecisionViewed,
    ExplanationShown,
    CounterfactualShown,
    DriftComputed,
    LogViewed,
}

impl Action {
    /// All actions, in the order in which a list offers them.
    pub const ALL: [Self; 32] = [
        Self::DecisionMade,
        Self::DecisionViewed,
        Self::ExplanationShown,
        Self::CounterfactualShown,
        Self::ClientViewed,
        Self::ClientCreated,
        Self::ClientChanged,
        Self::ClientsImported,
        Self::ClientsScored,
        Self::SignedIn,
        Self::SignInFailed,
        Self::SignedOut,
        Self::SignedOutEverywhere,
        Self::TokenIssued,
        Self::PasswordChanged,
        Self::PasswordLinkMade,
        Self::PasswordLinkUsed,
        Self::LanguageChanged,
        Self::AccessDenied,
        Self::ModelTrained,
        Self::ModelImported,
        Self::AliasMoved,
        Self::DriftComputed,
        Self::LogViewed,
        Self::TenantCreated,
        Self::UserCreated,
        Self::UserDisabled,
        Self::UserEnabled,
        Self::ApiKeyCreated,
        Self::ApiKeyApproved,
        Self::ApiKeyRefused,
        Self::ApiKeyRevoked,
    ];

    /// The name in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SignedIn => "signed_in",
            Self::SignInFailed => "sign_in_failed",
            Self::SignedOut => "signed_out",
            Self::SignedOutEverywhere => "signed_out_everywhere",
            Self::TokenIssued => "token_issued",
            Self::PasswordChanged => "password_changed",
            Self::PasswordLinkMade => "password_link_made",
            Self::PasswordLinkUsed => "password_link_used",
            Self::LanguageChanged => "language_changed",
            Self::AccessDenied => "access_denied",
            Self::TenantCreated => "tenant_created",
            Self::UserCreated => "user_created",
            Self::UserDisabled => "user_disabled",
            Self::UserEnabled => "user_enabled",
            Self::ApiKeyCreated => "api_key_created",
            Self::ApiKeyApproved => "api_key_approved",
            Self::ApiKeyRefused => "api_key_refused",
            Self::ApiKeyRevoked => "api_key_revoked",
            Self::ClientsImported => "clients_imported",
            Self::ClientCreated => "client_created",
            Self::ClientChanged => "client_changed",
            Self::ClientViewed => "client_viewed",
            Self::ClientsScored => "clients_scored",
            Self::ModelTrained => "model_trained",
            Self::ModelImported => "model_imported",
            Self::AliasMoved => "alias_moved",
            Self::DecisionMade => "decision_made",
            Self::DecisionViewed => "decision_viewed",
            Self::ExplanationShown => "explanation_shown",
            Self::CounterfactualShown => "counterfactual_shown",
            Self::DriftComputed => "drift_computed",
            Self::LogViewed => "log_viewed",
        }
    }

    /// The action of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == name)
    }
}

/// What kind of actor did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    User,
    ApiKey,
    /// The command line, or the service itself.
    System,
}

impl ActorKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::ApiKey => "api_key",
            Self::System => "system",
        }
    }
}

/// Who did it: an identifier and a role, never a name.
#[derive(Clone, Debug, Serialize)]
pub struct Actor {
    pub kind: ActorKind,
    pub id: Option<Uuid>,
    pub role: Option<String>,
}

impl Actor {
    /// Somebody at the command line of the machine.
    #[must_use]
    pub fn operator() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            role: Some("operator".to_owned()),
        }
    }

    /// Nobody is signed in (a failed sign-in).
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            kind: ActorKind::System,
            id: None,
            role: None,
        }
    }
}

/// What it was done to.
#[derive(Clone, Debug, Serialize)]
pub struct Subject {
    pub kind: &'static str,
    pub id: String,
}

/// An event that is to be written; place and time come with the commit.
#[derive(Clone, Debug)]
pub struct Event {
    /// Known before the commit, so that an answer written in the same transaction can name it.
    pub id: Uuid,
    pub action: Action,
    pub subject: Subject,
    pub client_number: Option<i64>,
    /// All that a list showed; see [`Event::about_clients`].
    pub client_numbers: Vec<i64>,
    pub decision_id: Option<Uuid>,
    pub data: Value,
}

impl Event {
    #[must_use]
    #[allow(clippy::needless_pass_by_value)] // identifiers are small and mostly `Copy`
    pub fn new(action: Action, kind: &'static str, id: impl ToString) -> Self {
        Self {
            id: Uuid::now_v7(),
            action,
            subject: Subject {
                kind,
                id: id.to_string(),
            },
            client_number: None,
            client_numbers: Vec::new(),
            decision_id: None,
            data: json!({}),
        }
    }

    /// Facts of the action: identifiers, counts and digests only.
    #[must_use]
    pub fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    #[must_use]
    pub fn about_client(mut self, number: i64) -> Self {
        self.client_number = Some(number);
        self
    }

    /// About each of these, for a list that was shown: the event says their numbers, and is
    /// found by each of them. One that is about more than fit into an event is written as
    /// several.
    #[must_use]
    pub fn about_clients(mut self, numbers: impl IntoIterator<Item = i64>) -> Self {
        self.client_numbers = numbers.into_iter().collect();
        self.client_numbers.sort_unstable();
        self.client_numbers.dedup();
        self
    }

    #[must_use]
    pub fn about_decision(mut self, id: Uuid) -> Self {
        self.decision_id = Some(id);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_found_again_by_its_name() {
        for action in Action::ALL {
            assert_eq!(Action::named(action.as_str()), Some(action));
            assert_eq!(json!(action), json!(action.as_str()));
        }
    }
}
