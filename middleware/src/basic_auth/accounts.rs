//! A fixed list of accounts: [`Accounts`].

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConditionallySelectable;

use crate::{User, auth::same};

/// Users, with digests of their names and passwords: what is compared has one length, so that the
/// time tells nothing of the lengths either.
pub(super) struct Accounts(Vec<Account>);

struct Account {
    user: User,
    name: [u8; 32],
    password: [u8; 32],
}

impl Accounts {
    #[track_caller]
    pub(super) fn new<U: AsRef<str>, P: AsRef<str>>(
        accounts: impl IntoIterator<Item = (U, P)>,
    ) -> Accounts {
        let mut list: Vec<Account> = Vec::new();
        for (name, password) in accounts {
            let (name, password) = (name.as_ref(), password.as_ref());
            let user = User::new(name);
            assert!(!name.contains(':'), "a user's name holds no colon");
            assert!(!password.is_empty(), "the password of {name} is empty");
            assert!(
                list.iter().all(|account| account.user != user),
                "the user {name} occurs twice"
            );
            list.push(Account {
                user,
                name: digest(name),
                password: digest(password),
            });
        }
        Accounts(list)
    }

    /// The user of this name, if it has this password. Takes the same time for every outcome: all
    /// accounts are compared, to the end.
    pub(super) fn find(&self, name: &str, password: &str) -> Option<&User> {
        let (name, password) = (digest(name), digest(password));
        // One past the end stands for nobody.
        let mut found = self.0.len() as u64;
        for (index, account) in (0_u64..).zip(&self.0) {
            let good = same(&account.name, &name) & same(&account.password, &password);
            found.conditional_assign(&index, good);
        }
        let found = usize::try_from(found).ok()?;
        self.0.get(found).map(|account| &account.user)
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Accounts({})", self.0.len())
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_is_found_by_its_own_password_alone() {
        let accounts = Accounts::new([("alice", "a"), ("bob", "b"), ("carol", "a")]);
        for (name, password, found) in [
            ("alice", "a", Some("alice")),
            ("bob", "b", Some("bob")),
            ("carol", "a", Some("carol")),
            ("alice", "b", None),
            ("alice", "", None),
            ("Alice", "a", None),
            ("alic", "ea", None),
            ("dave", "a", None),
        ] {
            let user = accounts.find(name, password).map(User::name);
            assert_eq!(user, found, "{name}:{password}");
        }
        assert_eq!(Accounts::new([("", ""); 0]).find("a", "a"), None);
    }

    #[test]
    fn accounts_that_cannot_be_meant_are_refused_when_they_are_set() {
        for accounts in [
            vec![("alice", "")],
            vec![("", "a")],
            vec![("a:b", "c")],
            vec![("a\n", "c")],
            vec![("alice", "a"), ("bob", "b"), ("alice", "c")],
        ] {
            let refused = std::panic::catch_unwind(|| Accounts::new(accounts.clone()));
            assert!(refused.is_err(), "{accounts:?}");
        }
    }
}
