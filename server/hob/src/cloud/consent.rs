//! What the user agreed to, for good: which workspace may send to which provider, and which never sends.
//!
//! It lies in the state folder and is the user's to look at and to delete. A consent is bound to a provider's origin as well as to its name, so
//! that a provider that moves is asked about anew. Must not hold anything of a file but the workspace's folder.

use std::{
    fs,
    io::{ErrorKind, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use assist::route::{Consent, Grant};
use config::Provider;
use serde::{Deserialize, Serialize};

/// Every consent there is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Consents {
    /// Workspaces that may send.
    pub(crate) granted: Vec<Granted>,
    /// Workspaces that never send.
    pub(crate) never: Vec<PathBuf>,
}

/// One workspace and one provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    /// The workspace's folder.
    pub(crate) workspace: PathBuf,
    /// The provider's id.
    pub(crate) provider: String,
    /// Its scheme, host and port then.
    pub(crate) origin: String,
}

impl Consents {
    /// Those of the state folder `state`. A file that can't be read holds none: then everything is asked about.
    pub(crate) fn read(state: &Path) -> Self {
        let path = file(state);
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                tracing::warn!(%error, path = %path.display(), "the consents can't be read; everything is asked about anew");
                Self::default()
            }),
            Err(error) => {
                if error.kind() != ErrorKind::NotFound {
                    tracing::warn!(%error, path = %path.display(), "the consents can't be read");
                }
                Self::default()
            }
        }
    }

    /// Changes those of the state folder `state`.
    pub(crate) fn change(state: &Path, change: impl FnOnce(&mut Self)) -> Result<()> {
        let path = file(state);
        let what = || format!("can't write {}", path.display());
        fs::create_dir_all(state).with_context(what)?;
        let mut consents = Self::read(state);
        change(&mut consents);
        // In one step, so that another window never reads half of it.
        let mut new = tempfile::NamedTempFile::new_in(state).with_context(what)?;
        new.write_all(&serde_json::to_vec_pretty(&consents)?).with_context(what)?;
        new.persist(&path).with_context(what)?;
        Ok(())
    }

    /// What the user agreed to for these folders: what is never to leave one of them does not, and what may leave may leave all of them. Without
    /// a folder there is nothing to remember it by.
    pub(crate) fn of(&self, workspaces: &[PathBuf], providers: &[Provider]) -> Consent {
        let may = |workspace: &PathBuf, provider: &Provider| {
            self.granted.iter().any(|granted| {
                granted.workspace == *workspace
                    && granted.provider == provider.id
                    && granted.origin == provider.origin()
            })
        };
        let is_granted = |provider: &&Provider| {
            !workspaces.is_empty() && workspaces.iter().all(|workspace| may(workspace, provider))
        };
        let granted = providers.iter().filter(is_granted);
        Consent {
            never: workspaces.iter().any(|workspace| self.never.contains(workspace)),
            granted: granted.map(|provider| (provider.id.clone(), Grant::Workspace)).collect(),
        }
    }

    /// Lets `workspace` send to `provider` from now on.
    pub(crate) fn grant(&mut self, workspace: &Path, provider: &Provider) {
        self.never.retain(|never| never != workspace);
        self.granted.retain(|granted| granted.workspace != workspace || granted.provider != provider.id);
        self.granted.push(Granted {
            workspace: workspace.to_owned(),
            provider: provider.id.clone(),
            origin: provider.origin().to_owned(),
        });
    }

    /// Has `workspace` never send from now on.
    pub(crate) fn refuse(&mut self, workspace: &Path) {
        self.forget(workspace);
        self.never.push(workspace.to_owned());
    }

    /// Asks anew about `workspace`. Whether anything was known of it.
    pub(crate) fn forget(&mut self, workspace: &Path) -> bool {
        let before = (self.granted.len(), self.never.len());
        self.granted.retain(|granted| granted.workspace != workspace);
        self.never.retain(|never| never != workspace);
        before != (self.granted.len(), self.never.len())
    }
}

/// Where they are.
fn file(state: &Path) -> PathBuf {
    state.join("consents.json")
}

#[cfg(test)]
mod tests {
    use config::Dialect;

    use super::*;

    fn provider(id: &str, base_url: &str) -> Provider {
        Provider {
            id: id.into(),
            dialect: Dialect::Openai,
            base_url: base_url.into(),
            key: None,
            models: vec!["m".into()],
            context_tokens: 1000,
            region: None,
            retention: None,
        }
    }

    #[test]
    fn a_consent_is_for_one_workspace_one_provider_and_one_origin() {
        let state = tempfile::tempdir().unwrap();
        let (here, there) = (PathBuf::from("/w/here"), PathBuf::from("/w/there"));
        let provider_here = provider("a", "https://a.example/v1");
        Consents::change(state.path(), |consents| consents.grant(&here, &provider_here)).unwrap();

        let consents = Consents::read(state.path());
        let granted = |workspaces: &[&PathBuf], provider: &Provider| {
            let workspaces: Vec<PathBuf> = workspaces.iter().copied().cloned().collect();
            consents.of(&workspaces, std::slice::from_ref(provider)).granted.len()
        };
        assert_eq!(granted(&[&here], &provider_here), 1);
        assert_eq!(granted(&[&there], &provider_here), 0);
        assert_eq!(granted(&[&here, &there], &provider_here), 0);
        assert_eq!(granted(&[&here], &provider("b", "https://a.example/v1")), 0);
        assert_eq!(granted(&[&here], &provider("a", "https://elsewhere.example/v1")), 0);
        assert_eq!(consents.of(&[], &[provider_here]), Consent::default());
    }

    #[test]
    fn never_takes_back_what_was_granted_and_can_be_taken_back() {
        let here = &PathBuf::from("/w/here");
        let mut consents = Consents::default();
        consents.grant(here, &provider("a", "https://a.example"));
        consents.refuse(here);
        assert_eq!(
            (consents.granted.len(), consents.of(&["/w/there".into(), here.clone()], &[]).never),
            (0, true)
        );
        assert!(consents.forget(here));
        assert!(!consents.forget(here));
        assert_eq!(consents, Consents::default());
    }

    #[test]
    fn a_file_that_is_no_list_of_consents_grants_nothing() {
        let state = tempfile::tempdir().unwrap();
        fs::write(file(state.path()), "{\"granted\": true}").unwrap();
        assert_eq!(Consents::read(state.path()), Consents::default());
    }
}
