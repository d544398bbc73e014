//! Amounts of money: whole numbers for a period, divided where they are shown.

use std::fmt;

/// What a price is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A month.
    Month,
    /// A year.
    Year,
}

impl Period {
    const fn months(self) -> u64 {
        match self {
            Self::Month => 1,
            Self::Year => 12,
        }
    }
}

/// An amount of money for a period, exact. Shown as what it comes to in a month, in the currency's unit with two decimals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    /// In ten-thousandths of the currency's unit.
    pub(super) ten_thousandths: u64,
    /// What it is for.
    pub(super) period: Period,
}

impl Amount {
    /// What it comes to in a month, in hundredths of the currency's unit, rounded half up.
    #[must_use]
    pub const fn hundredths_a_month(self) -> u64 {
        let one = 100 * self.period.months();
        let (whole, rest) = (self.ten_thousandths / one, self.ten_thousandths % one);
        if rest * 2 >= one { whole + 1 } else { whole }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = self.hundredths_a_month();
        write!(formatter, "{}.{:02}", hundredths / 100, hundredths % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_rounded_once_and_half_up() {
        for (ten_thousandths, period, shown) in [
            (958_800, Period::Month, "95.88"),
            (0, Period::Month, "0.00"),
            (12_549, Period::Month, "1.25"),
            (12_550, Period::Month, "1.26"),
            (u64::MAX, Period::Month, "1844674407370955.16"),
            (1_000_000, Period::Year, "8.33"),
            (599, Period::Year, "0.00"),
            (600, Period::Year, "0.01"),
            (12 * 12_549, Period::Year, "1.25"),
            (u64::MAX, Period::Year, "153722867280912.93"),
        ] {
            let amount = Amount { ten_thousandths, period };
            assert_eq!(amount.to_string(), shown, "{ten_thousandths} {period:?}");
        }
    }
}
