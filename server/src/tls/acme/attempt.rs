//! One attempt to get a certificate: [`attempt`].

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use enfilade_core::HostError;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, Error, Identifier, NewOrder, Order, OrderStatus,
    RetryPolicy,
};

use super::{
    Acme, Challenge,
    account::{self, account},
    challenges::{Challenges, Shown},
    client::Client,
    storage::Storage,
};

/// How often an authority is asked whether it has done its part, where it does not say when; and
/// for how long.
const POLLING: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(500))
    .backoff(1.5)
    .timeout(Duration::from_secs(5 * 60));

/// Gets a new certificate for `name`: the private key and the chain, as PEM.
pub(super) async fn attempt(
    acme: &Acme,
    name: &str,
    storage: &Storage,
    challenges: &Arc<Challenges>,
) -> Result<String, Failure> {
    let client = Client::new(acme.authorities.as_deref())?;
    let ordered = async {
        let account = account(acme, storage, &client).await?;
        match order(&account, name, acme.challenge, challenges).await {
            Err(failure) if failure.is_of_unknown_account() => {
                let account = account::replace(acme, storage, &client).await?;
                order(&account, name, acme.challenge, challenges).await
            }
            ordered => ordered,
        }
    };
    ordered.await.map_err(|failure| Failure {
        retry_after: failure.retry_after.or(client.retry_after()),
        ..failure
    })
}

async fn order(
    account: &Account,
    name: &str,
    challenge: Challenge,
    challenges: &Arc<Challenges>,
) -> Result<String, Failure> {
    let identifiers = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&identifiers)).await?;
    let shown = prove(&mut order, name, challenge, challenges).await?;
    let proven = order.poll_ready(&POLLING).await;
    drop(shown);
    match proven {
        Ok(OrderStatus::Ready) => {}
        Ok(_) => {
            let why = objection(&mut order).await?;
            let unknown = Error::Str("the authority does not say why it refuses");
            return Err(why.unwrap_or(unknown).into());
        }
        Err(error @ Error::Api(_)) => {
            // What the authority saw says more than what it made of it.
            let why = objection(&mut order).await.ok().flatten();
            return Err(why.unwrap_or(error).into());
        }
        Err(error) => return Err(error.into()),
    }
    let key = order.finalize().await?;
    let chain = order.poll_certificate(&POLLING).await?;
    Ok(format!("{key}{chain}"))
}

/// Shows what the authority wants to see, and tells it to look.
async fn prove(
    order: &mut Order,
    name: &str,
    challenge: Challenge,
    challenges: &Arc<Challenges>,
) -> Result<Vec<Shown>, Failure> {
    let mut shown = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        match authorization.status {
            // It was proven not long ago.
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => {
                let message = format!("the authority calls its own question {status:?}");
                return Err(HostError::new(message).into());
            }
        }
        let kind = match challenge {
            Challenge::TlsAlpn01 => ChallengeType::TlsAlpn01,
            Challenge::Http01 => ChallengeType::Http01,
        };
        let mut asked = authorization
            .challenge(kind)
            .ok_or_else(|| HostError::new(format!("the authority does not offer {challenge}")))?;
        let proof = asked.key_authorization();
        shown.push(match challenge {
            Challenge::TlsAlpn01 => challenges.show_by_tls(name, &proof)?,
            Challenge::Http01 => challenges.show_by_http(&asked.token, &proof),
        });
        asked.set_ready().await?;
    }
    Ok(shown)
}

/// What the authority objects to in what it saw.
async fn objection(order: &mut Order) -> Result<Option<Error>, Error> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let state = authorization.refresh().await?;
        let mut challenges = state.challenges.iter();
        if let Some(problem) = challenges.find_map(|challenge| challenge.error.clone()) {
            return Ok(Some(Error::Api(problem)));
        }
    }
    Ok(None)
}

/// Why there is no new certificate.
pub(super) struct Failure {
    why: Why,
    /// Before this, the authority does not want to be asked again.
    retry_after: Option<SystemTime>,
}

enum Why {
    /// The authority's fault, or what it says.
    Authority(Error),
    Here(HostError),
}

impl Failure {
    /// How long the authority wants to be left alone.
    pub(super) fn rest(&self) -> Option<Duration> {
        let then = self.retry_after?;
        then.duration_since(SystemTime::now()).ok()
    }

    fn is_of_unknown_account(&self) -> bool {
        matches!(&self.why, Why::Authority(error) if account::is_unknown(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let retry_after = match error {
            Error::Timeout(Some(then)) => {
                SystemTime::now().checked_add(then.saturating_duration_since(Instant::now()))
            }
            _ => None,
        };
        Failure {
            why: Why::Authority(error),
            retry_after,
        }
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Failure {
        Failure {
            why: Why::Here(error),
            retry_after: None,
        }
    }
}

/// With all causes: the line that an operator reads.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let error: &dyn std::error::Error = match &self.why {
            Why::Authority(error) => error,
            Why::Here(error) => error,
        };
        write!(f, "{error}")?;
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
