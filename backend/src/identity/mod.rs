//! Who comes in and what they may do: people with a password and a session, partner systems
//! with an API key, programs of people with a short-lived token. Each becomes a [`Principal`];
//! what a principal may do is one table, [`Role::permissions`].

mod account;
mod api_key;
mod authorized;
mod failed_sign_ins;
mod key_approval;
mod password;
mod password_change;
mod password_link;
mod password_rules;
mod permission;
mod principal;
mod refusals;
mod session;
mod throttle;
mod token;

pub use account::{
    Account, AccountError, NewAccount, SignIn, SignInAttempt, create as create_account,
    entity as account_entity, find as find_account, list as list_accounts,
    set_disabled as set_account_disabled, set_language, sign_in, sign_out_everywhere,
};
pub use api_key::{
    ApiKey, DEFAULT_DAYS as KEY_DEFAULT_DAYS, KeyState, MadeApiKey, NewApiKey,
    create as create_api_key, list as list_api_keys, revoke as revoke_api_key,
};
pub use authorized::{AuthenticationError, Authorized, BrowserForm, OwnForm, SignedIn};
pub use failed_sign_ins::FailedSignIns;
pub use key_approval::{
    Approval, ApprovalError, approve as approve_api_key, refuse as refuse_api_key,
    waiting_for as api_keys_waiting_for,
};
pub use password::{Password, PasswordError, PasswordHasher};
pub use password_change::{PasswordChange, change as change_password};
pub use password_link::{
    PasswordLink, UsedLink, find as find_password_link, last_used as last_used_password_link,
    make as make_password_link, redeem as redeem_password_link,
};
pub use password_rules::PasswordOwner;
pub use permission::{Need, Permission, Role, need};
pub use principal::Principal;
pub use refusals::Refusals;
pub use session::{
    Session, end as end_session, form_token as session_form_token, open as open_session,
};
pub use throttle::SignInThrottle;
pub use token::{TokenError, TokenOwner, TokenSigner};
