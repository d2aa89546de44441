//! Adding banks, people and keys from the command line.

use super::{CommandError, open, open_or_create, operator_scope, request_id, tenant};
use crate::identity::{
    self, KEY_DEFAULT_DAYS, NewAccount, NewApiKey, Password, PasswordOwner, Permission, Role,
};
use crate::name;
use crate::tenancy;
use clap::Args;
use octroi_data::language::Language;
use std::io::{BufRead, Read};
use std::path::Path;

/// Bytes read of a password; more than any has.
const LONGEST_LINE: u64 = 4_096;

#[derive(Args)]
pub(super) struct TenantArguments {
    /// Short name: a-z, 0-9 and -.
    slug: String,
    /// The bank's name as people read it.
    #[arg(long, value_parser = name::parse)]
    name: String,
    /// en or fr.
    #[arg(long, default_value = "en")]
    language: Language,
}

pub(super) async fn add_tenant(
    config: Option<&Path>,
    arguments: TenantArguments,
) -> Result<(), CommandError> {
    let service = open_or_create(config).await?;
    let (slug, name) = (&arguments.slug, &arguments.name);
    tenancy::create(
        &service.database,
        slug,
        name,
        arguments.language,
        request_id(),
    )
    .await?;
    println!("{} added", arguments.slug);
    Ok(())
}

#[derive(Args)]
pub(super) struct UserArguments {
    #[arg(long)]
    email: String,
    #[arg(long, value_parser = name::parse)]
    name: String,
    /// adviser, analyst, compliance or admin.
    #[arg(long)]
    role: Role,
    /// en or fr; the bank's own by default.
    #[arg(long)]
    language: Option<Language>,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn add_user(
    config: Option<&Path>,
    arguments: UserArguments,
) -> Result<(), CommandError> {
    let service = open_or_create(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), true).await?;
    eprintln!("password (12 to 128 characters), then Enter:");
    let mut typed = String::new();
    std::io::stdin()
        .lock()
        .take(LONGEST_LINE)
        .read_line(&mut typed)
        .map_err(|error| CommandError::Usage(format!("no password could be read: {error}")))?;
    let owner = PasswordOwner {
        name: &arguments.name,
        email: &arguments.email,
        bank: &tenant.name,
    };
    let password = Password::chosen(typed.trim_end_matches(['\r', '\n']).to_owned(), &owner)?;
    let language = arguments.language.unwrap_or(tenant.language);
    let scope = operator_scope(&service, tenant);
    let account = identity::create_account(
        &scope,
        &service.passwords,
        NewAccount {
            email: arguments.email,
            name: arguments.name,
            role: arguments.role,
            language,
            password,
        },
    )
    .await?;
    println!("{} added as {}", account.email, account.role);
    Ok(())
}

#[derive(Args)]
pub(super) struct KeyArguments {
    /// What the key is for.
    #[arg(long, value_parser = name::parse)]
    name: String,
    /// A permission the key carries, for example decisions:make; may be repeated.
    #[arg(long = "scope", required = true)]
    scopes: Vec<String>,
    /// Days after which the key opens nothing any more.
    #[arg(long, value_name = "DAYS", default_value_t = KEY_DEFAULT_DAYS, value_parser = clap::value_parser!(u32).range(1..=3_650))]
    expires_days: u32,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn add_key(
    config: Option<&Path>,
    arguments: KeyArguments,
) -> Result<(), CommandError> {
    let scopes: Vec<Permission> = arguments
        .scopes
        .iter()
        .map(|name| {
            Permission::named(name).ok_or_else(|| {
                let known: Vec<&str> = Permission::ALL.iter().map(|p| p.as_str()).collect();
                CommandError::Usage(format!(
                    "there is no scope \"{name}\"; scopes are {}",
                    known.join(", ")
                ))
            })
        })
        .collect::<Result<_, _>>()?;
    let service = open_or_create(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), true).await?;
    let scope = operator_scope(&service, tenant);
    let new = NewApiKey {
        name: &arguments.name,
        scopes: &scopes,
        // Whoever is at the command line of the machine has the whole database in their hands.
        within: Permission::ALL,
        days: arguments.expires_days,
    };
    let new = identity::create_api_key(&scope, new).await?;
    eprintln!("this key is shown once; only its hash is kept:");
    println!("{}", new.secret);
    Ok(())
}

#[derive(Args)]
pub(super) struct LinkArguments {
    /// The e-mail address that the person signs in with.
    email: String,
    /// Short name of the bank; not needed where there is only one.
    #[arg(long)]
    tenant: Option<String>,
}

pub(super) async fn make_link(
    config: Option<&Path>,
    arguments: LinkArguments,
) -> Result<(), CommandError> {
    let service = open(config).await?;
    let tenant = tenant(&service, arguments.tenant.as_deref(), false).await?;
    let scope = operator_scope(&service, tenant);
    let email = arguments.email.trim().to_lowercase();
    let people = identity::list_accounts(&scope).await?;
    let token = match people.into_iter().find(|person| person.email == email) {
        Some(person) => identity::make_password_link(&scope, person.id).await?,
        None => None,
    };
    let token = token.ok_or_else(|| {
        CommandError::Usage(format!("nobody in this bank signs in as \"{email}\""))
    })?;
    eprintln!("good for 24 hours and one use, after the address of the service:");
    println!("/password/{token}");
    Ok(())
}
