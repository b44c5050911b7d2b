//! A courier carries messages one at a time over one way out of the house: the outbox, or one SMTP connection.

use std::sync::Arc;

use super::bearing::Bearing;
use crate::config::{SmtpConfig, Transport};
use crate::delivery::outbox::{Outbox, OutboxError};
use crate::delivery::smtp::{Connection, TlsClient};
use crate::delivery::{ConnectError, Envelope, Outcome};

/// How couriers of a run are made.
#[derive(Debug, Clone)]
pub enum Route {
    /// Into the outbox.
    Outbox(Outbox),
    /// To an SMTP server.
    Smtp {
        /// How to reach it.
        config: Arc<SmtpConfig>,
        /// Trust, shared by all connections.
        tls: TlsClient,
        /// What is learnt of the server.
        bearing: Arc<Bearing>,
    },
}

/// The way out cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum RouteError {
    /// The outbox.
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    /// The certificates.
    #[error("cannot prepare TLS: {0}")]
    Tls(String),
}

impl Route {
    /// Prepares the configured way out.
    ///
    /// # Errors
    /// When the outbox cannot be made, or the certificates cannot be read.
    pub fn prepare(transport: &Transport) -> Result<Self, RouteError> {
        match transport {
            Transport::Outbox { folder } => Ok(Route::Outbox(Outbox::open(folder)?)),
            Transport::Smtp(config) => {
                let tls = TlsClient::new(config).map_err(|error| RouteError::Tls(error.to_string()))?;
                let bearing = Bearing::of(config.connections);
                Ok(Route::Smtp { config: Arc::new(config.clone()), tls, bearing })
            }
        }
    }

    /// How many couriers work side by side.
    #[must_use]
    pub fn width(&self) -> usize {
        match self {
            Route::Outbox(_) => 2,
            Route::Smtp { config, .. } => config.connections.max(1),
        }
    }

    /// What is learnt of where it leads to.
    pub(in crate::press) fn bearing(&self) -> Arc<Bearing> {
        match self {
            Route::Outbox(_) => Bearing::of(self.width()),
            Route::Smtp { bearing, .. } => Arc::clone(bearing),
        }
    }

    /// A courier that has not set out yet.
    #[must_use]
    pub fn courier(&self) -> Courier {
        match self {
            Route::Outbox(outbox) => Courier::Outbox(outbox.clone()),
            Route::Smtp { config, tls, .. } => {
                Courier::Smtp { config: Arc::clone(config), tls: tls.clone(), connection: None }
            }
        }
    }
}

/// One way out.
#[derive(Debug)]
pub enum Courier {
    /// Writes files.
    Outbox(Outbox),
    /// Has at most one connection, opened when it is needed.
    Smtp {
        /// How to reach the server.
        config: Arc<SmtpConfig>,
        /// Trust.
        tls: TlsClient,
        /// The connection, while it is usable.
        connection: Option<Box<Connection>>,
    },
}

impl Courier {
    /// Makes sure that a message can be taken: connects when there is no usable connection.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn ready(&mut self) -> Result<(), ConnectError> {
        match self {
            Courier::Outbox(_) => Ok(()),
            Courier::Smtp { config, tls, connection } => {
                if let Some(worn) = connection.take_if(|open| !open.is_usable()) {
                    worn.quit().await;
                }
                if connection.is_none() {
                    *connection = Some(Box::new(Connection::open(config, tls).await?));
                }
                Ok(())
            }
        }
    }

    /// Whether a message can be taken without another connection.
    pub(in crate::press) fn is_ready(&self) -> bool {
        match self {
            Courier::Outbox(_) => true,
            Courier::Smtp { connection, .. } => connection.as_ref().is_some_and(|open| open.is_usable()),
        }
    }

    /// The server, and the largest message that it takes if it says so, while there is a connection.
    pub(super) fn server(&self) -> Option<(&SmtpConfig, Option<u64>)> {
        match self {
            Courier::Outbox(_) => None,
            Courier::Smtp { config, connection, .. } => {
                connection.as_ref().map(|open| (config.as_ref(), open.size_limit()))
            }
        }
    }

    /// Hands over one message; `file_name` is what the outbox calls it.
    pub async fn send(&mut self, envelope: &Envelope, file_name: String, message: Vec<u8>) -> Outcome {
        let (released, next) = (std::future::ready(true), std::future::ready(None));
        self.send_before(envelope, || file_name, &[&message], released, next).await
    }

    /// The same in pieces, with what must be true before a server may take responsibility, and with the sender, recipient
    /// and octets of the message that follows, once they are known: a connection sends that envelope ahead. When
    /// something else follows, say so by [`abandon_next`](Courier::abandon_next).
    pub async fn send_before(
        &mut self,
        envelope: &Envelope,
        file_name: impl FnOnce() -> String,
        message: &[&[u8]],
        release: impl Future<Output = bool>,
        next: impl Future<Output = Option<(Envelope, usize)>>,
    ) -> Outcome {
        match self {
            // Written twice it is still one file.
            Courier::Outbox(outbox) => {
                let (outbox, file_name, message) = (outbox.clone(), file_name(), message.concat());
                let write = tokio::task::spawn_blocking(move || outbox.deliver(&file_name, &message));
                write.await.unwrap_or_else(|_| Outcome::NotSent("the outbox's writer was cut off".to_owned()))
            }
            Courier::Smtp { connection, .. } => match connection {
                Some(open) => open.send_before(envelope, message, release, next).await,
                None => Outcome::NotSent("there is no connection".to_owned()),
            },
        }
    }

    /// What became of a message when [`send_before`](Self::send_before) was dropped; its connection is of no more use.
    pub(in crate::press) fn cut_off(&mut self) -> Outcome {
        match self {
            Courier::Smtp { connection: Some(open), .. } => open.cut_off(),
            Courier::Smtp { connection: None, .. } | Courier::Outbox(_) => {
                Outcome::NotSent("we were to stop".to_owned())
            }
        }
    }

    /// The message that was told as the next one is not sent over this courier after all.
    pub fn abandon_next(&mut self) {
        match self {
            Courier::Outbox(_) => {}
            Courier::Smtp { connection, .. } => {
                if let Some(open) = connection {
                    open.abandon_next();
                }
            }
        }
    }

    /// Ends the connection, if there is one; [`ready`](Self::ready) opens another.
    pub async fn hang_up(&mut self) {
        match self {
            Courier::Outbox(_) => {}
            Courier::Smtp { connection, .. } => {
                if let Some(open) = connection.take() {
                    open.quit().await;
                }
            }
        }
    }

    /// Says goodbye.
    pub async fn close(mut self) {
        self.hang_up().await;
    }
}
