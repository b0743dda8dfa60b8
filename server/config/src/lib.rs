//! Every option of Hob, declared once: as written, as used, and as documented.
//!
//! Must not read files, the environment or a clock: it is given texts and says what they mean.
