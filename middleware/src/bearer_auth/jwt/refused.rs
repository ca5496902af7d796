//! Why a token is refused: [`Refused`].

use std::{error::Error, fmt};

use super::super::Invalid;

/// Why a token is refused: for logs. Holds nothing from the token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Shape,
    Header,
    Key,
    Algorithm,
    Signature,
    Type,
    Payload,
    Claim(&'static str),
    Expired,
    TooEarly,
    Issuer,
    Audience,
    Unfit,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refused::Shape => "the token is not a JSON Web Token",
            Refused::Header => "the token's header is malformed, or has `crit`",
            Refused::Key => "the token is signed for a key that is not known",
            Refused::Algorithm => "the token's `alg` is not that of its key",
            Refused::Signature => "the token's signature is wrong",
            Refused::Type => "the token's `typ` is not the one that is required",
            Refused::Payload => "the token's claims are no JSON object",
            Refused::Claim(name) => {
                return write!(f, "the token's claim `{name}` is missing or malformed");
            }
            Refused::Expired => "the token has expired",
            Refused::TooEarly => "the token is not valid yet",
            Refused::Issuer => "the token is from another issuer",
            Refused::Audience => "the token is for another audience",
            Refused::Unfit => "the token's claims do not fit the type that the app reads",
        })
    }
}

impl Error for Refused {}

impl From<Refused> for Invalid {
    fn from(refused: Refused) -> Invalid {
        Invalid {
            // The signature was good, so it is the bearer's own token; it has to get a new one.
            description: match refused {
                Refused::Expired => "the token has expired",
                _ => Invalid::unknown().description,
            },
            cause: Some(Box::new(refused)),
        }
    }
}
