//! Roles in a product: words where they are written, numbers where they are read.

/// What somebody may do in a product, from the least to the most as far as Aha! orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sees.
    Viewer,
    /// Comments.
    Reviewer,
    /// Works on what is to be built; shown by the interface, with no word to write it.
    Developer,
    /// Edits.
    Contributor,
    /// Administers the product.
    Owner,
}

impl Role {
    /// The number that reads show.
    pub(super) const fn number(self) -> u64 {
        match self {
            Self::Owner => 20,
            Self::Contributor => 30,
            Self::Developer => 35,
            Self::Reviewer => 40,
            Self::Viewer => 50,
        }
    }

    /// What reads say beside the number.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Contributor => "Contributor",
            Self::Developer => "Developer",
            Self::Reviewer => "Reviewer",
            Self::Viewer => "Viewer",
        }
    }

    /// The role of a word that is written; `None` for `none`. `Err` for a word that Aha! does not document.
    pub(super) fn written(word: &str) -> Result<Option<Self>, ()> {
        match word {
            "product_owner" => Ok(Some(Self::Owner)),
            "contributor" => Ok(Some(Self::Contributor)),
            "reviewer" => Ok(Some(Self::Reviewer)),
            "viewer" => Ok(Some(Self::Viewer)),
            "none" => Ok(None),
            _ => Err(()),
        }
    }

    /// Whether it takes a paid seat on every plan.
    pub(super) const fn is_paid(self) -> bool {
        matches!(self, Self::Owner | Self::Contributor | Self::Developer)
    }
}
