//! `initialized`: the conversation may begin. Asks for the settings, says what is wrong with the configuration, shows the model load.

use crate::serve::{Server, methods::did_change_configuration, progress};

pub(super) async fn initialized(server: &Server) {
    let (progress, configuration) = {
        let session = server.session();
        (session.client.progress, session.client.configuration)
    };
    tokio::spawn(progress::show(server.client.clone(), server.link.watch(), progress));
    if configuration {
        did_change_configuration::pull(server).await;
    } else {
        did_change_configuration::report(server).await;
    }
}
