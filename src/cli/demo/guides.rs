//! What the public guides on automating these apps count, to stand beside what this program finds. Their figures, not ours.

/// A published estimate for one app in a company of 500 people: the aggregate that Stitchflow's SCIM guides give for apps
/// without better data, as read in November 2026 (for example <https://www.stitchflow.com/scim/mode>).
pub(super) struct Estimate {
    /// People of the company.
    pub(super) people: usize,
    /// Accounts of people who have left, with access.
    pub(super) orphaned: usize,
    /// Licences that nobody uses.
    pub(super) unused: usize,
    /// Hours of manual work a year.
    pub(super) hours: u32,
    /// Dollars a year: unused licences, work, and what missed compliance costs.
    pub(super) dollars: [u32; 3],
}

pub(super) const ESTIMATE: Estimate =
    Estimate { people: 500, orphaned: 7, unused: 12, hours: 101, dollars: [3_925, 6_088, 1_741] };

impl Estimate {
    /// All dollars a year.
    pub(super) fn total(&self) -> u32 {
        self.dollars.iter().sum()
    }
}

/// Dollars as people write them.
pub(super) fn dollars(amount: u32) -> String {
    let digits = amount.to_string();
    let mut text = String::from("$");
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_have_their_thousands_apart() {
        assert_eq!([7, 999, 3_925, 70_524, 1_000_000].map(dollars), ["$7", "$999", "$3,925", "$70,524", "$1,000,000"]);
        assert_eq!(dollars(ESTIMATE.total()), "$11,754");
    }
}
