//! Carries messages between the client's stdio and the LSP service.
//!
//! tower-lsp-server's own transport polls all handlers in one task, ends at the first bad message and at the first panic, and queues
//! cancels behind slow requests. This one gives four promises instead, which the laws rest on:
//!
//! 1. each handler's first poll happens in the order of arrival, before the next message is looked at;
//! 2. after it a handler runs on its own task, so nothing queues behind it, a `$/cancelRequest` least of all;
//! 3. a message that is no message costs one error answer;
//! 4. a panic costs one answer.
//!
//! Must not know what any message means, but for `initialize` and `exit`, which change what may come next.

use std::{any::Any, future::Future, panic::AssertUnwindSafe};

use futures::{FutureExt, SinkExt, StreamExt};
use serde::Serialize;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    sync::mpsc,
};
use tower::Service;
use tower_lsp::{
    ClientSocket, ExitedError, LanguageServer, LspService,
    jsonrpc::{Error, ErrorCode, Id, Request, Response},
};

use super::framing::{Frame, Frames};

/// How the conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// `exit` after `shutdown`, as the protocol asks.
    Properly,
    /// `exit` without `shutdown`, or the client just closed the stream.
    Abruptly,
}

/// Serves messages from `input` until `exit` or the end of the stream.
pub(super) async fn serve<S: LanguageServer>(
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
    mut service: LspService<S>,
    socket: ClientSocket,
) -> Ended {
    let (out, lines) = mpsc::unbounded_channel::<Vec<u8>>();
    let writer = tokio::spawn(write(output, lines));
    let (mut to_client, mut from_client) = socket.split();
    let forward = {
        let out = out.clone();
        tokio::spawn(async move {
            while let Some(request) = to_client.next().await {
                send(&out, &request);
            }
        })
    };

    let mut frames = Frames::new(input);
    let mut ended = Ended::Abruptly;
    let mut shut_down = false;
    while let Ok(frame) = frames.next().await {
        let body = match frame {
            Frame::Body(body) => body,
            Frame::Noise(why) => {
                tracing::warn!(why, "bytes from the client that are no message");
                send(&out, &Response::from_error(Id::Null, invalid(why)));
                continue;
            }
            Frame::End => break,
        };
        let Ok(message) = serde_json::from_slice::<Value>(&body) else {
            tracing::warn!(bytes = body.len(), "a message that is not JSON");
            send(&out, &Response::from_error(Id::Null, Error::parse_error()));
            frames.give_back(&body);
            continue;
        };
        if message.get("method").is_none() {
            match serde_json::from_value::<Response>(message) {
                Ok(response) => drop(from_client.send(response).await),
                Err(_) => send(&out, &Response::from_error(Id::Null, Error::invalid_request())),
            }
            continue;
        }
        let id = message.get("id").and_then(|id| serde_json::from_value::<Id>(id.clone()).ok());
        let Ok(request) = serde_json::from_value::<Request>(message) else {
            send(&out, &Response::from_error(id.unwrap_or(Id::Null), Error::invalid_request()));
            continue;
        };
        let method = request.method().to_owned();
        let answer = answer(&mut service, request, id);
        match method.as_str() {
            // Its result decides what the next message may be.
            "initialize" => send_some(&out, answer.await),
            "exit" => {
                answer.await;
                ended = if shut_down { Ended::Properly } else { Ended::Abruptly };
                break;
            }
            _ => start(answer, out.clone()),
        }
        shut_down |= method == "shutdown";
    }
    forward.abort();
    // What was said before the end still goes out, unless the client does not listen any more. Handlers that wait for an answer of the
    // client's hold the channel open and will never get it, so its end has to be said.
    drop(out.send(END));
    let _ = tokio::time::timeout(std::time::Duration::from_secs(1), writer).await;
    ended
}

/// Polls `answer` once, here and now; the rest of it, if any, runs on a task of its own.
fn start(answer: impl Future<Output = Option<Response>> + Send + 'static, out: Out) {
    let mut answer = Box::pin(answer);
    if let Some(response) = answer.as_mut().now_or_never() {
        send_some(&out, response);
    } else {
        tokio::spawn(async move { send_some(&out, answer.await) });
    }
}

/// The one response to a request (`None` for a notification); a panic anywhere in its handling becomes an internal error.
fn answer<S: LanguageServer>(
    service: &mut LspService<S>,
    request: Request,
    id: Option<Id>,
) -> impl Future<Output = Option<Response>> + Send + 'static {
    let method = request.method().to_owned();
    // `call` itself decodes parameters, so it is inside the net too.
    let called = std::panic::catch_unwind(AssertUnwindSafe(|| service.call(request)));
    async move {
        let result = match called {
            Ok(future) => AssertUnwindSafe(future).catch_unwind().await,
            Err(panic) => Err(panic),
        };
        match result {
            // tower-lsp passes over every `$/` method that it does not know, but the protocol wants requests among them answered.
            Ok(Ok(None)) => id.map(|id| Response::from_error(id, Error::method_not_found())),
            Ok(Ok(response)) => response,
            Ok(Err(ExitedError { .. })) => None,
            Err(panic) => {
                tracing::error!(method, panic = message_of(panic.as_ref()), "a handler panicked");
                id.map(|id| {
                    Response::from_error(id, internal("the handler panicked; the log has the details"))
                })
            }
        }
    }
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

fn invalid(why: &'static str) -> Error {
    Error { code: ErrorCode::InvalidRequest, message: why.into(), data: None }
}

fn internal(why: &'static str) -> Error {
    Error { code: ErrorCode::InternalError, message: why.into(), data: None }
}

type Out = mpsc::UnboundedSender<Vec<u8>>;

/// Ends the writer; no message has an empty body.
const END: Vec<u8> = Vec::new();

fn send_some(out: &Out, response: Option<Response>) {
    if let Some(response) = response {
        send(out, &response);
    }
}

fn send(out: &Out, message: &impl Serialize) {
    match serde_json::to_vec(message) {
        // A client that is gone needs no answer.
        Ok(body) => drop(out.send(body)),
        Err(error) => tracing::error!(%error, "a message could not be written as JSON"),
    }
}

/// Writes bodies with their headers; flushes when nothing more is waiting.
async fn write(mut output: impl AsyncWrite + Unpin, mut bodies: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(body) = bodies.recv().await.filter(|body| *body != END) {
        let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
        frame.extend_from_slice(&body);
        if output.write_all(&frame).await.is_err() || (bodies.is_empty() && output.flush().await.is_err()) {
            return;
        }
    }
    // The last body was not the last in the queue.
    drop(output.flush().await);
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::io::AsyncWriteExt;
    use tower_lsp::{
        gen_lsp_types::{InitializeParams, InitializeResult},
        jsonrpc::Result,
    };

    use super::*;

    /// A server whose handlers do the worst that a handler can.
    struct Worst;

    impl LanguageServer for Worst {
        async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
            Ok(InitializeResult::default())
        }

        async fn shutdown(&self) -> Result<()> {
            Ok(())
        }
    }

    #[expect(clippy::unused_async, reason = "that is a handler's form")]
    impl Worst {
        async fn panic_at_once(&self) -> Result<()> {
            panic!("at once");
        }

        async fn panic_later(&self) -> Result<()> {
            tokio::task::yield_now().await;
            panic!("later");
        }

        async fn never(&self) -> Result<()> {
            std::future::pending().await
        }

        async fn echo(&self, value: Value) -> Result<Value> {
            Ok(value)
        }
    }

    /// Sends `messages`, waits for `count` answers, says `exit`, and returns the answers, sorted by id.
    fn converse(messages: &[Value], count: usize) -> Vec<Value> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async {
            let (service, socket) = LspService::build_with_lifecycle_methods(|_| Worst)
                .custom_method("test/panicAtOnce", Worst::panic_at_once)
                .custom_method("test/panicLater", Worst::panic_later)
                .custom_method("test/never", Worst::never)
                .custom_method("test/echo", Worst::echo)
                .finish();
            let (mut to_server, input) = tokio::io::duplex(1 << 16);
            let (output, from_server) = tokio::io::duplex(1 << 16);
            let client = async {
                for message in messages {
                    to_server.write_all(&frame(message)).await.unwrap();
                }
                let mut frames = Frames::new(from_server);
                let mut answers = Vec::new();
                while answers.len() < count {
                    let Frame::Body(body) = frames.next().await.unwrap() else {
                        panic!("the server fell silent")
                    };
                    answers.push(serde_json::from_slice::<Value>(&body).unwrap());
                }
                let exit = json!({ "jsonrpc": "2.0", "method": "exit" });
                to_server.write_all(&frame(&exit)).await.unwrap();
                assert_eq!(
                    frames.next().await.unwrap(),
                    Frame::End,
                    "one answer to each request, and no more"
                );
                answers.sort_by_key(|answer| answer["id"].as_i64());
                answers
            };
            let (ended, answers) = tokio::join!(serve(input, output, service, socket), client);
            assert_eq!(ended, Ended::Properly);
            answers
        })
    }

    fn frame(message: &Value) -> Vec<u8> {
        let body = message.to_string();
        format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
    }

    fn request(id: i64, method: &str) -> Value {
        json!({ "jsonrpc": "2.0", "id": id, "method": method })
    }

    #[test]
    fn a_panic_costs_one_answer() {
        let mut initialize = request(0, "initialize");
        initialize["params"] = json!({ "capabilities": {} });
        let mut echo = request(3, "test/echo");
        echo["params"] = json!({ "still": "here" });
        let cancel = json!({ "jsonrpc": "2.0", "method": "$/cancelRequest", "params": { "id": 4 } });
        let messages = [
            initialize,
            request(1, "test/panicAtOnce"),
            request(2, "test/panicLater"),
            request(4, "test/never"),
            cancel,
            echo,
            request(5, "shutdown"),
        ];
        let answers = converse(&messages, 6);
        let codes: Vec<_> =
            answers.iter().map(|answer| (answer["id"].as_i64(), answer["error"]["code"].as_i64())).collect();
        assert_eq!(
            codes,
            [
                (Some(0), None),
                (Some(1), Some(-32603)),
                (Some(2), Some(-32603)),
                (Some(3), None),
                (Some(4), Some(-32800)),
                (Some(5), None),
            ]
        );
        assert_eq!(answers[3]["result"], json!({ "still": "here" }));
    }
}
