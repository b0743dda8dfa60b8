//! How much of a block's excerpts a prompt holds: for whoever explains an answer afterwards.
//!
//! Must not decide what is shown; it counts what was.

use model::{Block, ShownExcerpt};

use crate::cache::Chunked;

/// How much of each excerpt of `block` is in the first `to` chunks of its first `window` bytes, which are `chunked`; `header` tokens
/// announce it. An excerpt of which nothing is there is left out, and so are those behind it.
pub(crate) fn excerpts<'c>(
    block: &'c Block,
    (chunked, window): (&'c Chunked, usize),
    to: usize,
    header: usize,
) -> impl Iterator<Item = ShownExcerpt> + use<'c> {
    let end = block.text.len();
    let byte = move |start: &u32| usize::try_from(*start).unwrap_or(end).min(end);
    let starts = std::iter::once(0).chain(block.further.iter().map(byte));
    let ends = block.further.iter().map(byte).chain([end]);
    let read = chunked.tokens_before(to);
    // What begins within a chunk counts with the chunk: chunks are lines.
    let tokens_before = |byte: usize| {
        let chunk = chunked.chunks.partition_point(|chunk| chunk.byte < byte);
        chunked.tokens_before(chunk)
    };
    let shown = starts.zip(ends).map(move |(start, end)| {
        let (from, until) = (tokens_before(start), tokens_before(end));
        let announced = if start == 0 { header } else { 0 };
        let tokens = until.min(read).saturating_sub(from);
        let cut = until > read || end > window;
        (tokens > 0).then(|| ShownExcerpt { tokens: count(tokens + announced), cut })
    });
    shown.map_while(|excerpt| excerpt)
}

/// A number of tokens, as it is told.
pub(crate) fn count(tokens: usize) -> u32 {
    u32::try_from(tokens).unwrap_or(u32::MAX)
}
