//! What the end-to-end tests share. Must not reach into the crates of the server: tests here see what a client sees.
