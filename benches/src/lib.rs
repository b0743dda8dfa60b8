//! Measurements. Must not be used by the product.
