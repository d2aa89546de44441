//! Every permission there is, and which role has it. A handler names the permission it needs
//! in its signature (`Authorized<need::ViewAudit>`), so that one that compiles has checked.

use std::fmt;
use std::str::FromStr;

macro_rules! permissions {
    ($($name:ident = $text:literal),+ $(,)?) => {
        /// Everything that can be permitted. API keys carry a list of these as scopes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Permission { $($name),+ }

        impl Permission {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The name in scopes, problems and the log.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }

        /// One type per permission, for signatures.
        pub mod need {
            use super::{Need, Permission};
            $(
                #[derive(Clone, Copy, Debug)]
                pub struct $name;
                impl Need for $name {
                    const PERMISSION: Permission = Permission::$name;
                }
            )+
        }
    };
}

permissions! {
    ViewClients = "clients:view",
    MakeDecisions = "decisions:make",
    ViewDecisions = "decisions:view",
    ViewModels = "models:view",
    ViewDrift = "drift:view",
    ViewAudit = "audit:view",
    ManageUsers = "users:manage",
    ManageKeys = "keys:manage",
}

/// A permission as a type.
pub trait Need: 'static {
    const PERMISSION: Permission;
}

impl Permission {
    /// The permission of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|permission| permission.as_str() == name)
    }
}

/// What a person is in the bank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Adviser,
    Analyst,
    Compliance,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Adviser, Self::Analyst, Self::Compliance, Self::Admin];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Adviser => "adviser",
            Self::Analyst => "analyst",
            Self::Compliance => "compliance",
            Self::Admin => "admin",
        }
    }

    /// The table of the house. Administrators manage people and keys and see no client.
    #[must_use]
    pub fn permissions(self) -> &'static [Permission] {
        use Permission::{
            MakeDecisions, ManageKeys, ManageUsers, ViewAudit, ViewClients, ViewDecisions,
            ViewDrift, ViewModels,
        };
        match self {
            Self::Adviser => &[ViewClients, MakeDecisions, ViewDecisions],
            Self::Analyst => &[
                ViewClients,
                MakeDecisions,
                ViewDecisions,
                ViewModels,
                ViewDrift,
            ],
            Self::Compliance => &[ViewClients, ViewDecisions, ViewModels, ViewDrift, ViewAudit],
            Self::Admin => &[ManageUsers, ManageKeys],
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A role that does not exist.
#[derive(Debug, thiserror::Error)]
#[error("there is no role \"{0}\"; the roles are adviser, analyst, compliance and admin")]
pub struct UnknownRole(String);

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_is_held_by_some_role() {
        for permission in Permission::ALL {
            assert!(
                Role::ALL
                    .iter()
                    .any(|role| role.permissions().contains(permission)),
                "{} is held by nobody",
                permission.as_str()
            );
        }
    }

    #[test]
    fn administrators_see_no_clients_and_advisers_no_audit_trail() {
        assert!(!Role::Admin.permissions().contains(&Permission::ViewClients));
        assert!(!Role::Adviser.permissions().contains(&Permission::ViewAudit));
    }
}
