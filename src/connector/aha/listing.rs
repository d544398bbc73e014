//! Listings, page by page: the first tells how many there are, the others follow side by side.

use std::pin::pin;

use appaccess_core::access::Text;
use futures::stream::{self, StreamExt};
use serde::de::DeserializeOwned;

use super::{
    shared::Shared,
    wire::{Pagination, Product, ProductsPage, User, UsersPage},
};
use crate::connector::{
    ConnectorError,
    rest::{Gathered, PAGES_MAX, get, parse},
};

/// Most rows that Aha! puts into a page.
const PAGE: &str = "200";
/// Pages asked for at once; the budget of the key may let fewer go.
const PAGES_AT_ONCE: usize = 8;

/// A page of a listing.
pub(super) trait Page: DeserializeOwned + Send {
    /// What is listed.
    type Row: Send;
    /// The path, which is also the field of the rows.
    const NAME: &'static str;

    /// The rows by id, and the totals.
    fn parts(self) -> (Vec<(Text, Self::Row)>, Option<Pagination>);
}

impl Page for UsersPage {
    type Row = User;
    const NAME: &'static str = "users";

    fn parts(self) -> (Vec<(Text, User)>, Option<Pagination>) {
        (self.users.into_iter().map(|user| (user.id.0.clone(), user)).collect(), self.pagination)
    }
}

impl Page for ProductsPage {
    type Row = Product;
    const NAME: &'static str = "products";

    fn parts(self) -> (Vec<(Text, Product)>, Option<Pagination>) {
        (self.products.into_iter().map(|product| (product.id.0.clone(), product)).collect(), self.pagination)
    }
}

/// A listing, with how many requests it took.
pub(super) struct Listed<T> {
    pub(super) rows: Gathered<T>,
    pub(super) pages: u64,
}

impl Shared {
    /// Reads all pages of a listing, or of what a query leaves of it.
    pub(super) async fn list<P: Page>(&self, query: &[(&str, &str)]) -> Result<Listed<P::Row>, ConnectorError> {
        let mut rows = Gathered::default();
        let (first, totals) = self.page::<P>(query, 1).await?;
        for (id, row) in first {
            rows.take(&id, row);
        }
        self.http.listed(P::NAME, rows.count(), totals.total_records);
        let last = totals.total_pages.unwrap_or(1);
        if last > PAGES_MAX {
            rows.doubt("TooLarge", format!("the listing of {} has {last} pages", P::NAME));
        }
        let pages =
            (2..=last.min(PAGES_MAX)).map(|number| async move { (number, self.page::<P>(query, number).await) });
        let mut pages = pin!(stream::iter(pages).buffered(PAGES_AT_ONCE));
        while let Some((number, page)) = pages.next().await {
            let (more, now) = page?;
            if now.current_page.is_some_and(|told| told != number) {
                rows.doubt("PageRepeated", format!("page {number} of {} was answered with another", P::NAME));
            }
            if now.total_records != totals.total_records {
                rows.doubt("TotalMismatch", format!("the total of {} changed between two pages", P::NAME));
            }
            for (id, row) in more {
                rows.take(&id, row);
            }
            self.http.listed(P::NAME, rows.count(), totals.total_records);
        }
        match totals.total_records {
            Some(total) => rows.expect(total),
            None => rows.doubt("TotalMismatch", format!("the listing of {} does not tell its size", P::NAME)),
        }
        Ok(Listed { rows, pages: u64::from(last.clamp(1, PAGES_MAX)) })
    }

    async fn page<P: Page>(
        &self,
        query: &[(&str, &str)],
        number: u32,
    ) -> Result<(Vec<(Text, P::Row)>, Pagination), ConnectorError> {
        let number = number.to_string();
        let asked: Vec<(&str, &str)> =
            query.iter().copied().chain([("per_page", PAGE), ("page", number.as_str())]).collect();
        let what = format!("list the {}", P::NAME);
        let response = get(&self.http, &what, &[P::NAME], &asked).await?;
        let (rows, totals) = parse::<P>(&what, &response)?.parts();
        Ok((rows, totals.unwrap_or_default()))
    }
}
