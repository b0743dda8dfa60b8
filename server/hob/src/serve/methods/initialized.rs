//! `initialized`: the conversation may begin. Asks for the settings, says what is wrong with the configuration, shows the model load, has
//! the workspace indexed.

use crate::serve::{
    Server,
    methods::{did_change_configuration, did_change_watched_files},
    progress,
};

pub(super) async fn initialized(server: &Server) {
    let (progress, configuration, watches) = {
        let session = server.session();
        (session.client.progress, session.client.configuration, session.client.watches)
    };
    tokio::spawn(progress::model::show(server.client.clone(), server.link.watch(), progress));
    if configuration {
        did_change_configuration::pull(server).await;
    } else {
        did_change_configuration::report(server).await;
    }
    // Before anything is read, so that no change falls between.
    if watches {
        did_change_watched_files::register(server).await;
    }
    server.indexing.arrange();
}
