//! The pure core of `appaccess`.
