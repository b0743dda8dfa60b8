//! The laws of the workspace that a machine can check. Must not build or start anything: it reads manifests and sources.
