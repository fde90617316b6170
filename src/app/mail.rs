//! What other programs say to us on the public address, and who answers them.

use crate::edge::serve::{Mail, Mailbox, Reply};

/// Hands mail on by its address.
pub(super) struct Post;

impl Mailbox for Post {
    fn take(&self, mail: Mail) -> Reply {
        Box::pin(async move { mail.nobody() })
    }
}
