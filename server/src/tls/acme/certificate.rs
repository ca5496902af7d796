//! A certificate that was got: [`Certificate`].

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use enfilade_core::HostError;
use tokio_rustls::rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    sign::CertifiedKey,
};
use webpki::EndEntityCert;
use x509_parser::{certificate::X509Certificate, error::X509Error, nom, prelude::FromDer};

/// A chain of certificates and its key, and for how long it is good.
#[derive(Debug)]
pub(super) struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    begin: SystemTime,
    end: SystemTime,
}

impl Certificate {
    /// Reads a private key and a chain, and checks that they belong together and are for `name`.
    pub(super) fn read(pem: &str, name: &str) -> Result<Certificate, HostError> {
        let unfit = |what: &str| HostError::new(format!("the {what} cannot be used"));
        let chain = CertificateDer::pem_slice_iter(pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unfit("certificate").because(error))?;
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
            .map_err(|error| unfit("private key").because(error))?;
        let own = chain
            .first()
            .ok_or_else(|| HostError::new("there is no certificate"))?;
        let (begin, end) = validity(own).map_err(|error| unfit("certificate").because(error))?;
        check_name(own, name)?;
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider())
            .map_err(|error| unfit("certificate, or its private key,").because(error))?;
        Ok(Certificate {
            key: Arc::new(key),
            begin,
            end,
        })
    }

    /// When it should be renewed: two thirds of its time have gone by.
    pub(super) fn due(&self) -> SystemTime {
        let lifetime = self.end.duration_since(self.begin).unwrap_or_default();
        self.begin + lifetime / 3 * 2
    }

    pub(super) const fn begin(&self) -> SystemTime {
        self.begin
    }

    pub(super) const fn end(&self) -> SystemTime {
        self.end
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end <= SystemTime::now()
    }

    pub(super) fn is_due(&self) -> bool {
        self.due() <= SystemTime::now()
    }
}

fn check_name(own: &CertificateDer<'_>, name: &str) -> Result<(), HostError> {
    let foreign = || HostError::new(format!("the certificate is not for {name}"));
    let subject = ServerName::try_from(name).map_err(|error| foreign().because(error))?;
    EndEntityCert::try_from(own)
        .and_then(|own| own.verify_is_valid_for_subject_name(&subject))
        .map_err(|error| foreign().because(error))
}

fn validity(own: &CertificateDer<'_>) -> Result<(SystemTime, SystemTime), nom::Err<X509Error>> {
    let (_, own) = X509Certificate::from_der(own)?;
    let validity = own.validity();
    let time = |seconds: i64| {
        // A certificate from before 1970 is as old as one of then.
        SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
    };
    let begin = time(validity.not_before.timestamp());
    Ok((begin, time(validity.not_after.timestamp())))
}
