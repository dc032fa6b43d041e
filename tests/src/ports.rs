//! Free TCP ports, for several networks and several test processes at once.

use std::fs::{self, File, TryLockError};
use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Context, Result, bail};

/// Below the range that the system takes for outgoing connections, so that none of those gets in the way.
const RANGE: std::ops::Range<u16> = 12_000..30_000;

/// A port of 127.0.0.1 that is ours for as long as this lives.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _claim: File,
}

impl Port {
    /// A free one.
    ///
    /// # Errors
    /// When the folder of the claims cannot be written, or no port is free.
    pub fn free() -> Result<Self> {
        let span = RANGE.end - RANGE.start;
        let first = rand::random::<u16>() % span;
        for step in 0..span {
            if let Some(port) = Self::claim(RANGE.start + (first + step) % span)? {
                return Ok(port);
            }
        }
        bail!("no free port between {} and {}", RANGE.start, RANGE.end);
    }

    /// This one, or a free one when somebody else has it.
    ///
    /// # Errors
    /// As [`Port::free`].
    pub fn rather(number: u16) -> Result<Self> {
        match Self::claim(number)? {
            Some(port) => Ok(port),
            None => Self::free(),
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(&self) -> u16 {
        self.number
    }

    /// `127.0.0.1:number`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.number)
    }

    /// The claim is a locked file: the system drops it with the process, however that ends.
    fn claim(number: u16) -> Result<Option<Self>> {
        let folder = std::env::temp_dir().join("heliograph-ports");
        fs::create_dir_all(&folder).context("the folder of the port claims")?;
        let claim = File::create(folder.join(number.to_string())).context("a port claim")?;
        match claim.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error).context("locking a port claim"),
        }
        let unused = TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok();
        Ok(unused.then_some(Self {
            number,
            _claim: claim,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claimed_port_goes_to_nobody_else() {
        let port = Port::free().unwrap();
        let other = Port::rather(port.number()).unwrap();
        assert_ne!(port.number(), other.number());
        let number = port.number();
        drop(port);
        assert_eq!(Port::rather(number).unwrap().number(), number);
    }
}
