//! The process sandbox: `serve` and `engine` can't open a network socket, and prove it to themselves at start.
//!
//! A seccomp filter holds for all threads of the process and for every child it will ever have. It must be in place before the
//! first document or model byte is read. On systems without seccomp there is no kernel guarantee, and [`enter`] says so.

use anyhow::Result;

/// Which doors a process keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// May make and connect local sockets: it talks to the engine.
    Serve,
    /// May only listen on the socket that it has: it calls nobody.
    Engine,
}

/// What the kernel guarantees from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guarantee {
    /// Network sockets are refused by the kernel; the self-test saw it.
    NoNetwork,
    /// This system has no filter that Hob knows; nothing is enforced.
    #[cfg_attr(target_os = "linux", expect(dead_code, reason = "what the other systems answer"))]
    None,
}

/// Closes the doors. The process must not go on when this fails: a promise that can't be kept is not made.
#[cfg(target_os = "linux")]
pub(crate) fn enter(role: Role) -> Result<Guarantee> {
    linux::install(role)?;
    linux::prove(role)?;
    Ok(Guarantee::NoNetwork)
}

/// See the Linux version: here nothing is enforced, and the caller says so.
#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "the same signature on every system")]
pub(crate) fn enter(_role: Role) -> Result<Guarantee> {
    Ok(Guarantee::None)
}

#[cfg(target_os = "linux")]
mod linux {
    use std::collections::BTreeMap;

    use anyhow::{Context, Result, bail};
    use rustix::{
        io::Errno,
        net::{AddressFamily, SocketType, socket},
    };
    use seccompiler::{
        BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
        SeccompRule, TargetArch, apply_filter_all_threads,
    };

    use super::Role;

    /// System call numbers that are not the same everywhere: `(socket, connect, io_uring_setup)`.
    #[cfg(target_arch = "x86_64")]
    const CALLS: (i64, i64, i64) = (41, 42, 425);
    #[cfg(target_arch = "aarch64")]
    const CALLS: (i64, i64, i64) = (198, 203, 425);
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    compile_error!("the sandbox needs this architecture's system call numbers");

    /// The x32 calls reach the same kernel functions on `x86_64` under numbers with this bit set.
    #[cfg(target_arch = "x86_64")]
    const X32: i64 = 0x4000_0000;

    const AF_UNIX: u64 = 1;

    /// Any socket that is not local, and every `io_uring` (which makes sockets without the `socket` call), is refused with EACCES.
    pub(super) fn install(role: Role) -> Result<()> {
        let (socket, connect, io_uring) = CALLS;
        let not_local = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, AF_UNIX)?;
        let mut rules = BTreeMap::new();
        rules.insert(socket, vec![SeccompRule::new(vec![not_local.clone()])?]);
        rules.insert(io_uring, Vec::new());
        if role == Role::Engine {
            rules.insert(connect, Vec::new());
        }
        #[cfg(target_arch = "x86_64")]
        for call in [socket, connect, io_uring] {
            rules.insert(X32 | call, Vec::new());
        }
        let filter = SeccompFilter::new(
            rules,
            SeccompAction::Allow,
            SeccompAction::Errno(Errno::ACCESS.raw_os_error().unsigned_abs()),
            TargetArch::try_from(std::env::consts::ARCH)?,
        )?;
        let program: BpfProgram = filter.try_into()?;
        apply_filter_all_threads(&program).context(
            "the kernel refused the network filter (seccomp), so Hob can't promise that nothing leaves this machine and stops",
        )
    }

    /// Tries what must not work.
    pub(super) fn prove(role: Role) -> Result<()> {
        for family in [AddressFamily::INET, AddressFamily::INET6, AddressFamily::NETLINK] {
            match socket(family, SocketType::DGRAM, None) {
                Err(Errno::ACCESS) => {}
                other => bail!("the sandbox self-test failed: a socket of family {family:?} gave {other:?}"),
            }
        }
        let local =
            socket(AddressFamily::UNIX, SocketType::STREAM, None).context("local sockets must still work")?;
        let nobody = rustix::net::SocketAddrUnix::new_abstract_name(b"hob-sandbox-self-test")?;
        match (role, rustix::net::connect(&local, &nobody)) {
            (Role::Engine, Err(Errno::ACCESS)) | (Role::Serve, Err(Errno::CONNREFUSED)) => Ok(()),
            (role, other) => bail!("the sandbox self-test failed: connect as {role:?} gave {other:?}"),
        }
    }
}
