//! The account at an authority: [`account`].

use enfilade_core::HostError;
use instant_acme::{Account, AccountCredentials, Error, NewAccount};
use serde::{Deserialize, Serialize};

use super::{Acme, attempt::Failure, client::Client, external::External, storage::Storage};

const FILE: &str = "account.json";

/// What is kept of an account.
#[derive(Serialize, Deserialize)]
struct Kept {
    directory: String,
    contacts: Vec<String>,
    credentials: AccountCredentials,
}

/// The account that is stored, or a new one where there is none. Its contacts are those of `acme`.
pub(super) async fn account(
    acme: &Acme,
    storage: &Storage,
    client: &Client,
) -> Result<Account, Failure> {
    let _lock = storage.lock(FILE).await?;
    let Some(kept) = read(acme, storage)? else {
        return register(acme, storage, client).await;
    };
    let builder = Account::builder_with_http(Box::new(client.clone()));
    let account = builder.from_credentials(kept.credentials).await?;
    if kept.contacts != acme.contacts {
        let contacts: Vec<&str> = acme.contacts.iter().map(String::as_str).collect();
        account.update_contacts(&contacts).await?;
        // Read again, since the account has taken what it was made of.
        if let Some(mut kept) = read(acme, storage)? {
            kept.contacts.clone_from(&acme.contacts);
            write(storage, &kept)?;
        }
    }
    Ok(account)
}

/// A new account in place of one that the authority does not know any more.
pub(super) async fn replace(
    acme: &Acme,
    storage: &Storage,
    client: &Client,
) -> Result<Account, Failure> {
    let _lock = storage.lock(FILE).await?;
    register(acme, storage, client).await
}

async fn register(acme: &Acme, storage: &Storage, client: &Client) -> Result<Account, Failure> {
    let contacts: Vec<&str> = acme.contacts.iter().map(String::as_str).collect();
    let new = NewAccount {
        contact: &contacts,
        terms_of_service_agreed: acme.agreed,
        only_return_existing: false,
    };
    let external = acme.external.as_ref().map(External::key).transpose()?;
    let builder = Account::builder_with_http(Box::new(client.clone()));
    let directory = acme.directory.clone();
    let (account, credentials) = builder.create(&new, directory, external.as_ref()).await?;
    let kept = Kept {
        directory: acme.directory.clone(),
        contacts: acme.contacts.clone(),
        credentials,
    };
    write(storage, &kept)?;
    Ok(account)
}

/// Whether an authority does not know the account (RFC 8555, section 6.7).
pub(super) fn is_unknown(error: &Error) -> bool {
    let unknown = "urn:ietf:params:acme:error:accountDoesNotExist";
    matches!(error, Error::Api(problem) if problem.r#type.as_deref() == Some(unknown))
}

fn read(acme: &Acme, storage: &Storage) -> Result<Option<Kept>, HostError> {
    let Some(text) = storage.read(FILE)? else {
        return Ok(None);
    };
    let unfit = || {
        let path = storage.path(FILE);
        HostError::new(format!(
            "{} is not an account at {}; where it is moved away, a new one is asked for",
            path.display(),
            acme.directory
        ))
    };
    let kept: Kept = serde_json::from_str(&text).map_err(|error| unfit().because(error))?;
    if kept.directory != acme.directory {
        return Err(unfit());
    }
    Ok(Some(kept))
}

fn write(storage: &Storage, kept: &Kept) -> Result<(), HostError> {
    let text = serde_json::to_string_pretty(kept)
        .map_err(|error| HostError::new("cannot write an account down").because(error))?;
    storage.write(FILE, &text)
}

/// Whether the account that is stored, if there is one, can be used.
pub(super) fn check(acme: &Acme, storage: &Storage) -> Result<(), HostError> {
    read(acme, storage).map(drop)
}
