//! `$/setTrace`: how much the client wants to hear. Anything but `off` gets one line for each completion.

use tower_lsp::gen_lsp_types::{SetTraceParams, TraceValue};

use crate::serve::Server;

pub(super) async fn set_trace(server: &Server, params: SetTraceParams) {
    server.session().trace = params.value != TraceValue::Off;
}
