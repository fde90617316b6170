//! What other programs say to us on the public address, and who answers them.

use crate::edge::hub::Hub;
use crate::edge::serve::{Mail, Mailbox, Reply};

/// Hands mail on by its address.
pub(super) struct Post {
    pub(super) hub: Hub,
}

impl Mailbox for Post {
    fn take(&self, mail: Mail) -> Reply {
        let first = mail.path.split('/').nth(1).unwrap_or_default();
        match first {
            "hub" | "rsscloud" => self.hub.take(mail),
            _ => Box::pin(async move { mail.nobody() }),
        }
    }
}
