//! The kinds of ids that Toggl keeps apart, each a type of its own: one in the place of another names somebody else.

use appaccess_core::access::Text;
use serde_json::Value;

macro_rules! kind_of_id {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) struct $name(pub(super) Text);

        impl $name {
            /// The id as it stands in a path.
            pub(super) fn as_str(&self) -> &str {
                &self.0
            }

            /// The id as it stands in a body: a number, as the vendor writes it.
            pub(super) fn to_value(&self) -> Value {
                number(&self.0)
            }
        }
    };
}

kind_of_id! {
    /// A person, whatever the organisation (`user_id`): the identity of an account, and what groups hold.
    UserId
}
kind_of_id! {
    /// A person in the organisation (`id` of its users): what is changed and deleted.
    OrganizationUserId
}
kind_of_id! {
    /// A person in one workspace (`workspace_user_id`): whose level is changed, and who is taken out of it.
    WorkspaceUserId
}
kind_of_id! {
    /// A workspace.
    WorkspaceId
}
kind_of_id! {
    /// A group.
    GroupId
}

/// An id as a number where it is one.
pub(super) fn number(text: &str) -> Value {
    text.parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
}
