//! What other programs say to us on the public address, and who answers them.

use std::sync::Arc;

use super::pushes::Board;
use crate::edge::hub::Hub;
use crate::edge::serve::{Admission, Envelope, Mail, Mailbox, Pass, Reply};
use crate::edge::websub::CALLBACK_PATH;

/// Hands mail on by its address.
pub(super) struct Post {
    /// Those who want to be told of our news.
    pub(super) hub: Hub,
    /// The callbacks of hubs that push to us.
    pub(super) pushes: Arc<Board>,
}

impl Mailbox for Post {
    fn admit(&self, envelope: Envelope<'_>) -> Admission {
        match envelope.path {
            path if path.starts_with(CALLBACK_PATH) => self.pushes.admit(envelope),
            _ => Admission::Read(Pass::default()),
        }
    }

    fn take(&self, mail: Mail) -> Reply {
        match mail.path.as_str() {
            path if path.starts_with(CALLBACK_PATH) => self.pushes.take(mail),
            // Whatever is neither is answered there as well.
            _ => self.hub.take(mail),
        }
    }
}
