//! What comes of each provider's answers: the transcripts under `testdata`.

use config::Dialect;
use expect_test::expect;

use super::transcripts::{check, check_failure, check_fill};

#[test]
fn openai_an_answer_with_its_count() {
    check(
        Dialect::Openai,
        "openai/chat.http",
        &expect![[r#"
        text "Sum"
        text "s über"
        text " all 👍"
        ended Whole
        input Some(1210), cached Some(1024), output Some(84), reasoning Some(64)
        complete"#]],
    );
}

#[test]
fn openai_a_long_answer() {
    check(
        Dialect::Openai,
        "openai/length.http",
        &expect![[r#"
        text "half a"
        ended Length
        complete"#]],
    );
}

#[test]
fn openai_a_filtered_answer() {
    check(
        Dialect::Openai,
        "openai/withheld.http",
        &expect![[r#"
        text "Here"
        ended Withheld("content_filter")
        input Some(9), cached None, output Some(0), reasoning None
        complete"#]],
    );
}

#[test]
fn openai_a_refusal() {
    check(
        Dialect::Openai,
        "openai/refusal.http",
        &expect![[r#"
        ended Withheld("I can't help with that")
        complete"#]],
    );
}

#[test]
fn openai_a_stream_that_breaks_off() {
    check(
        Dialect::Openai,
        "openai/broken-off.http",
        &expect![[r#"
        text "a"
        text "b"
        not complete"#]],
    );
}

#[test]
fn openai_done_without_a_reason_is_not_the_end() {
    check(
        Dialect::Openai,
        "openai/done-without-a-reason.http",
        &expect![[r#"
        text "a"
        not complete"#]],
    );
}

#[test]
fn openai_an_error_within_the_stream() {
    check(
        Dialect::Openai,
        "openai/failed.http",
        &expect![[r#"
        text "a"
        failed 500: The server had an error while processing your request
        not complete"#]],
    );
}

#[test]
fn deepseek_thinks_aside_and_counts_its_cache() {
    check(
        Dialect::Openai,
        "openai/deepseek.http",
        &expect![[r#"
        text "Four."
        ended Whole
        input Some(16), cached Some(0), output Some(30), reasoning Some(25)
        complete"#]],
    );
}

#[test]
fn mistral_says_things_in_parts() {
    check(
        Dialect::Openai,
        "openai/mistral.http",
        &expect![[r#"
        text "Four"
        text "."
        ended Length
        input Some(11), cached None, output Some(2), reasoning None
        complete"#]],
    );
}

#[test]
fn openrouter_waits_aloud_and_fails() {
    check(
        Dialect::Openai,
        "openai/openrouter.http",
        &expect![[r#"
        text "Fo"
        failed 429: Provider returned error
        not complete"#]],
    );
}

#[test]
fn grok_counts_thinking_beside_the_answer() {
    check(
        Dialect::Openai,
        "openai/grok.http",
        &expect![[r#"
        text "4"
        ended Whole
        input Some(10), cached None, output Some(201), reasoning Some(200)
        complete"#]],
    );
}

#[test]
fn openai_a_hole() {
    check(
        Dialect::Openai,
        "openai/completions.http",
        &expect![[r#"
        text "a + "
        text "b"
        ended Whole
        input Some(20), cached None, output Some(3), reasoning None
        complete"#]],
    );
}

#[test]
fn openai_a_wrong_key() {
    check_failure(Dialect::Openai, "openai/401.http", &expect!["401: Incorrect API key provided: […]"]);
}

#[test]
fn anthropic_caches_are_part_of_the_input() {
    check(
        Dialect::Anthropic,
        "anthropic/message.http",
        &expect![[r#"
        input Some(2125), cached Some(2000), output Some(1), reasoning None
        text "Hällo"
        text "!"
        input Some(2125), cached Some(2000), output Some(15), reasoning None
        ended Whole
        complete"#]],
    );
}

#[test]
fn anthropic_thinks_aside() {
    check(
        Dialect::Anthropic,
        "anthropic/thinking.http",
        &expect![[r#"
        input Some(9), cached None, output Some(0), reasoning None
        text "Four."
        input Some(9), cached Some(0), output Some(40), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn anthropic_is_overloaded() {
    check(
        Dialect::Anthropic,
        "anthropic/overloaded.http",
        &expect![[r#"
        input Some(9), cached None, output Some(0), reasoning None
        text "Fo"
        failed 529: Overloaded
        not complete"#]],
    );
}

#[test]
fn anthropic_refuses() {
    check(
        Dialect::Anthropic,
        "anthropic/refusal.http",
        &expect![[r#"
        input Some(9), cached None, output Some(1), reasoning None
        text "Sure"
        input Some(9), cached None, output Some(5), reasoning None
        ended Withheld("refusal")
        complete"#]],
    );
}

#[test]
fn anthropic_breaks_off() {
    check(
        Dialect::Anthropic,
        "anthropic/broken-off.http",
        &expect![[r#"
        input Some(9), cached None, output Some(1), reasoning None
        text "Sure"
        not complete"#]],
    );
}

#[test]
fn anthropic_limits_the_rate() {
    check_failure(
        Dialect::Anthropic,
        "anthropic/429.http",
        &expect![
            "429: This request would exceed your organization's rate limit of 30,000 input tokens per minute"
        ],
    );
}

#[test]
fn gemini_thinks_aside_and_the_last_count_wins() {
    check(
        Dialect::Gemini,
        "gemini/answer.http",
        &expect![[r#"
        input Some(3000), cached Some(2048), output Some(40), reasoning Some(40)
        text "Four"
        input Some(3000), cached Some(2048), output Some(41), reasoning Some(40)
        text ", "
        text "too"
        input Some(3000), cached Some(2048), output Some(43), reasoning Some(40)
        ended Whole
        complete"#]],
    );
}

#[test]
fn gemini_blocks_the_prompt() {
    check(
        Dialect::Gemini,
        "gemini/blocked.http",
        &expect![[r#"
        input Some(12559), cached None, output None, reasoning None
        ended Withheld("PROHIBITED_CONTENT")
        complete"#]],
    );
}

#[test]
fn gemini_blocks_the_answer() {
    check(
        Dialect::Gemini,
        "gemini/safety.http",
        &expect![[r#"
        text "Fo"
        input Some(4), cached None, output Some(0), reasoning None
        input Some(4), cached None, output Some(0), reasoning None
        ended Withheld("SAFETY")
        complete"#]],
    );
}

#[test]
fn gemini_fails_within_the_stream() {
    check(
        Dialect::Gemini,
        "gemini/failed.http",
        &expect![[r#"
        text "Fo"
        failed 503: The model is overloaded
        not complete"#]],
    );
}

#[test]
fn gemini_a_wrong_key() {
    check_failure(Dialect::Gemini, "gemini/400.http", &expect!["400: API key not valid"]);
}

#[test]
fn ollama_a_zero_stays_a_zero() {
    check(
        Dialect::Ollama,
        "ollama/chat.http",
        &expect![[r#"
        text "Vier"
        text " – ja"
        input Some(26), cached None, output Some(0), reasoning None
        ended Whole
        complete"#]],
    );
}

#[test]
fn ollama_thinks_aside_and_does_not_count_the_prompt() {
    check(
        Dialect::Ollama,
        "ollama/thinking.http",
        &expect![[r#"
        text "4"
        input None, cached None, output Some(9), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn ollama_fails_within_the_stream() {
    check(
        Dialect::Ollama,
        "ollama/failed.http",
        &expect![[r#"
        text "4"
        failed 500: an error was encountered while running the model
        not complete"#]],
    );
}

#[test]
fn ollama_has_no_such_model() {
    check_failure(
        Dialect::Ollama,
        "ollama/404.http",
        &expect![[r#"404: model "llama9" not found, try pulling it first"#]],
    );
}

#[test]
fn llama_server_chat() {
    check(
        Dialect::LlamaServer,
        "llama-server/chat.http",
        &expect![[r#"
        text "def"
        text " add"
        text "(a"
        text ","
        text " b"
        text ","
        ended Length
        input Some(48), cached Some(0), output Some(6), reasoning None
        complete"#]],
    );
}

#[test]
fn llama_server_an_error_of_old_versions() {
    check(
        Dialect::LlamaServer,
        "llama-server/stray-error.http",
        &expect![[r#"
        text "a"
        failed 500: context shift is disabled
        not complete"#]],
    );
}

#[test]
fn llama_server_fills_a_hole() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/completion.http",
        &expect![[r#"
        chosen Some(278) Some("-1.502") [278 -1.502, 314 -1.751]
        text " a"
        chosen Some(18) Some("-0.839") [18 -0.839, 272 -0.895]
        text ","
        chosen Some(314) Some("-0.035") [314 -0.035, 278 -4.262]
        text " b"
        chosen Some(272) Some("-0.340") [272 -0.340, 18 -1.510]
        text " ="
        chosen Some(314) Some("-1.617") [314 -1.617, 278 -1.676]
        text " b"
        input Some(7), cached Some(0), output Some(5), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn llama_server_had_the_prompt_in_its_cache() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/completion-cached.http",
        &expect![[r#"
        chosen Some(278) Some("-1.502") [278 -1.502, 314 -1.751]
        text " a"
        chosen Some(18) Some("-0.839") [18 -0.839, 272 -0.895]
        text ","
        chosen Some(314) Some("-0.035") [314 -0.035, 278 -4.262]
        text " b"
        chosen Some(272) Some("-0.340") [272 -0.340, 18 -1.510]
        text " ="
        chosen Some(314) Some("-1.617") [314 -1.617, 278 -1.676]
        text " b"
        input Some(7), cached Some(6), output Some(5), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn llama_server_without_log_probabilities() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/completion-plain.http",
        &expect![[r#"
        chosen Some(278) None []
        text " a"
        chosen Some(18) None []
        text ","
        chosen Some(314) None []
        text " b"
        input Some(7), cached Some(6), output Some(3), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn llama_server_sends_only_the_last_token_of_a_character() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/completion-split.http",
        &expect![[r#"
        chosen None None []
        chosen Some(240) Some("-2.495") [240 -2.495]
        text "か"
        chosen Some(259) Some("-2.158") [259 -2.158]
        text "�"
        chosen None None []
        chosen Some(240) Some("-0.280") [240 -0.280]
        text "か"
        input Some(39), cached Some(0), output Some(5), reasoning None
        ended Length
        complete"#]],
    );
}

#[test]
fn llama_server_ends_with_the_models_own_token() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/completion-eos.http",
        &expect![[r#"
        chosen Some(265) Some("-0.394") [265 -0.394, 266 -1.668]
        text "   "
        chosen Some(402) Some("-2.187") [402 -2.187, 477 -2.190]
        text " return"
        chosen Some(227) Some("-0.351") [227 -0.351, 276 -3.550]
        text " "
        chosen Some(0) Some("-2.458") [0 -2.458, 14 -2.494]
        input Some(13), cached Some(12), output Some(4), reasoning None
        ended Whole
        complete"#]],
    );
}

#[test]
fn llama_server_fails_within_the_stream() {
    check_fill(
        Dialect::LlamaServer,
        "llama-server/failed.http",
        &expect![[r#"
        chosen Some(278) None []
        text "a"
        failed 503: Loading model
        not complete"#]],
    );
}

#[test]
fn llama_server_tokens_of_another_model() {
    check_failure(
        Dialect::LlamaServer,
        "llama-server/error-400.http",
        &expect!["400: Prompt contains invalid tokens"],
    );
}

#[test]
fn vllm_fills_a_hole() {
    check_fill(
        Dialect::Vllm,
        "vllm/completion.http",
        &expect![[r#"
        chosen Some(278) Some("-0.250") [278 -0.250, 314 -1.500]
        text " a"
        chosen Some(11) Some("-0.500") [9 -0.500, 11 -0.500]
        chosen Some(314) None []
        text " + b"
        chosen Some(0) Some("-0.125") [0 -0.125]
        ended Whole
        input Some(900), cached Some(896), output Some(4), reasoning None
        complete"#]],
    );
}

#[test]
fn vllm_fails_within_the_stream() {
    check_fill(
        Dialect::Vllm,
        "vllm/failed.http",
        &expect![[r#"
        chosen Some(278) Some("-0.250") [278 -0.250]
        text " a"
        failed 504: TimeoutError
        not complete"#]],
    );
}

#[test]
fn vllm_errors_before_2025() {
    check_fill(
        Dialect::Vllm,
        "vllm/failed-before-2025.http",
        &expect![[r#"
        failed 400: This model's maximum context length is 4096 tokens
        not complete"#]],
    );
}

#[test]
fn vllm_chat_errors_before_2025() {
    check(
        Dialect::Vllm,
        "vllm/failed-before-2025.http",
        &expect![[r#"
        failed 400: This model's maximum context length is 4096 tokens
        not complete"#]],
    );
}
