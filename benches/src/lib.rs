//! Measurements. Must not be used by the product.

pub mod chance;
pub mod figures;
pub mod source;
