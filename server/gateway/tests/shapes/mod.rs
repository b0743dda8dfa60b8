//! One short answer, [`WHOLE`], as each protocol says it.
//!
//! Must not hold a fault: those are tests/faults.

use config::Dialect;

use crate::fake::Step;

/// The whole answer.
pub(crate) const WHOLE: &str = "one two three";

/// What comes before a fault within the answer.
pub(crate) const HALF: &str = "one two ";

/// A protocol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) dialect: Dialect,
    pub(crate) media_type: &'static str,
    /// What comes before any text.
    pub(crate) preface: &'static str,
    /// [`HALF`], in two events.
    pub(crate) half: &'static str,
    /// The rest of the text.
    pub(crate) rest: &'static str,
    /// How an answer ends.
    pub(crate) end: &'static str,
    /// What means nothing.
    pub(crate) idle: &'static str,
    /// The provider says in its stream that it has too much to do.
    pub(crate) overloaded: &'static str,
    /// What it says is not what its protocol has.
    pub(crate) malformed: &'static str,
}

pub(crate) const SHAPES: [Shape; 4] = [
    Shape {
        dialect: Dialect::Openai,
        media_type: "text/event-stream",
        preface: "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"\"}}]}\n\n",
        half: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one \"}}]}\n\n\
               data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"two \"}}]}\n\n",
        rest: "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"three\"}}]}\n\n",
        end: "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
              data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n\
              data: [DONE]\n\n",
        idle: ": still here\n\n",
        overloaded: "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\"}}\n\n",
        malformed: "data: {\"choices\":[{]}\n\n",
    },
    Shape {
        dialect: Dialect::Anthropic,
        media_type: "text/event-stream; charset=utf-8",
        preface: "event: message_start\n\
                  data: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
        half: "event: content_block_delta\n\
               data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"one \"}}\n\n\
               event: content_block_delta\n\
               data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"two \"}}\n\n",
        rest: "event: content_block_delta\n\
               data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"three\"}}\n\n",
        end: "event: message_delta\n\
              data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":3}}\n\n\
              event: message_stop\n\
              data: {\"type\":\"message_stop\"}\n\n",
        idle: "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        overloaded: "event: error\n\
                     data: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
        malformed: "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",]}\n\n",
    },
    Shape {
        dialect: Dialect::Gemini,
        media_type: "text/event-stream",
        preface: "data: {\"usageMetadata\":{\"promptTokenCount\":7}}\n\n",
        half: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"one \"}]}}]}\r\n\r\n\
               data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"two \"}]}}]}\r\n\r\n",
        rest: "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"three\"}]}}]}\r\n\r\n",
        end: "data: {\"candidates\":[{\"finishReason\":\"STOP\"}],\
              \"usageMetadata\":{\"promptTokenCount\":7,\"candidatesTokenCount\":3}}\r\n\r\n",
        idle: ": still here\n\n",
        overloaded: "data: {\"error\":{\"code\":503,\"message\":\"overloaded\",\"status\":\"UNAVAILABLE\"}}\n\n",
        malformed: "data: {\"candidates\":[}\n\n",
    },
    Shape {
        dialect: Dialect::Ollama,
        media_type: "application/x-ndjson",
        preface: "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
        half: "{\"message\":{\"role\":\"assistant\",\"content\":\"one \"},\"done\":false}\n\
               {\"message\":{\"role\":\"assistant\",\"content\":\"two \"},\"done\":false}\n",
        rest: "{\"message\":{\"role\":\"assistant\",\"content\":\"three\"},\"done\":false}\n",
        end: "{\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\
              \"prompt_eval_count\":7,\"eval_count\":3}\n",
        idle: "\n",
        overloaded: "{\"error\":\"overloaded\"}\n",
        malformed: "{\"message\":]\n",
    },
];

impl Shape {
    /// The head of an answer whose body ends with the connection, with `more` lines.
    pub(crate) fn head(self, more: &str) -> String {
        format!("HTTP/1.1 200 OK\r\ncontent-type: {}\r\n{more}\r\n", self.media_type)
    }

    /// A whole answer's body.
    pub(crate) fn body(self) -> String {
        [self.preface, self.half, self.rest, self.end].concat()
    }

    /// Everything as it should be.
    pub(crate) fn good(self) -> Vec<Step> {
        vec![Step::Read, Step::Write((self.head("") + &self.body()).into_bytes())]
    }
}
