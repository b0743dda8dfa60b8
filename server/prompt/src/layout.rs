//! A request becomes a prompt: which parts, in which order, between which special tokens.
//!
//! Must not look at a clock or a KV cache: the same request gives the same tokens, so that the cache finds them again.

use std::sync::Arc;

use model::{Block, Request, Shown, ShownExcerpt};

use crate::{
    Fim, Healing, Hole, Token, Tokens,
    budget::{self, Room},
    cache::{Chunked, TokenCache},
    family::{Files, Layout, OwnPath},
    heal, shown,
};

/// A request in tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// What the model is to have seen.
    pub tokens: Vec<Token>,
    /// What the answer must begin with: the end of the typed text, taken back.
    pub healing: Healing,
    /// Decode at most this many tokens beyond the healed ones.
    pub answer_tokens: usize,
    /// Of what the tokens are.
    pub shown: Shown,
}

/// How much of the text around a hole a prompt shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// As much as there is room for.
    Whole,
    /// So many tokens right before the anchor and after the cursor, and nothing from elsewhere: what is read in a moment. What is typed
    /// has the same room as ever. Layouts without an anchor have no glance.
    Glance(usize),
}

/// Lays out prompts for one model, remembering the tokens of what it has seen.
#[derive(Debug)]
pub struct Builder<T> {
    pub(crate) tokens: T,
    fim: Fim,
    pub(crate) cache: TokenCache,
    context: usize,
}

impl<T: Tokens> Builder<T> {
    /// A builder for prompts and answers that together fit into `context` tokens.
    pub fn new(tokens: T, fim: Fim, context: usize) -> Self {
        let cache = TokenCache::new(&tokens, fim.special.clone());
        Self { tokens, fim, cache, context }
    }

    /// The family in use.
    pub fn fim(&self) -> &Fim {
        &self.fim
    }

    /// Tokens that a prompt and its answer may take together.
    pub fn context(&self) -> usize {
        self.context
    }

    /// How much of the room held for typed text is filled by whole lines behind the hole's anchor and the beginning of the cursor's. Beyond
    /// 1 the room for the rest changes, and with it the whole prompt. 0 where the cursor's line is the anchor's.
    pub fn fills(&mut self, hole: &Hole<'_>) -> f64 {
        if hole.lines() == 0 {
            return 0.0;
        }
        let header = self.own_header(hole.request).len();
        let room = self.room(hole.request, header).for_typed(0);
        let typed = self.cache.passing(&self.tokens, &hole.typed).tokens.len() + 1;
        let number = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
        number(typed) / number(room)
    }

    /// Whether this vocabulary allows tokens to be kept per line; if not they are kept per text.
    pub fn caches_lines(&self) -> bool {
        self.cache.is_exact()
    }

    /// Turns `request` into tokens, in the order that it asks for or else the family's. Together with the answer they never exceed the
    /// context. What is remembered are tokens of texts, whatever their place in a prompt: requests of different orders may alternate.
    pub fn build(&mut self, request: &Request) -> Prompt {
        self.build_view(&Hole::of(request), View::Whole)
    }

    /// The same for a hole with a kept anchor, in this view of the text around it.
    pub fn build_view(&mut self, hole: &Hole<'_>, view: View) -> Prompt {
        let request = hole.request;
        let own_header = self.own_header(request);
        let room = self.room(request, own_header.len());
        let repository = self.repository(request);
        let (blocks, excerpts) = match view {
            View::Whole => self.blocks(&hole.blocks, room.blocks.saturating_sub(repository.len())),
            View::Glance(_) => Default::default(),
        };
        let blocks = if blocks.is_empty() { blocks } else { [repository, blocks].concat() };
        // The path of the file with the hole is of use only beside other files.
        let own_header = if blocks.is_empty() { Vec::new() } else { own_header };
        let rest = room.parts - blocks.len();
        let layout = self.fim.layout_for(request.asking.order);
        let mut parts = match layout {
            Layout::AnchoredMiddle => self.anchored(hole, room, rest, view),
            Layout::EmptyMiddle => self.empty_middle(request, room, rest),
            Layout::SuffixFirst => self.suffix_first(request, room, rest),
        };
        parts.blocks = blocks;
        parts.own_header = own_header;
        let frame = 5 + parts.own_header.len() + parts.blocks.len();
        parts.fit(self.context.saturating_sub(room.answer + frame));
        let tokens = self.assemble(layout, &parts);
        let mut shown = parts.shown(tokens.len());
        shown.glance = view != View::Whole;
        shown.dated = !shown.glance && hole.is_dated();
        shown.excerpts = if shown.dated { Vec::new() } else { excerpts };
        Prompt { tokens, healing: parts.healing, answer_tokens: room.answer, shown }
    }

    /// The tokens for each part of a prompt whose own header has `header` tokens.
    fn room(&self, request: &Request, header: usize) -> Room {
        let most = usize::try_from(request.max_tokens).unwrap_or(usize::MAX);
        Room::new(self.context, most, 5 + header)
    }

    /// `prefix`, `suffix` and `typed` each apart: the special tokens between them keep them so.
    fn anchored(&mut self, hole: &Hole<'_>, room: Room, rest: usize, view: View) -> Parts {
        let (typed_text, _) = self.typed(&hole.typed, room.typed);
        // At the start of a line nothing was begun that healing could finish, as at the anchor itself.
        let healing = hole.request.asking.healing && !typed_text.ends_with('\n');
        let (typed, healing) = self.healed(typed_text, healing);
        let rest = rest - room.for_typed(typed.len()).min(rest);
        let rest = match view {
            View::Whole => rest,
            View::Glance(tokens) => tokens.min(rest),
        };
        let whole = typed_text.len() == hole.typed.len();
        let prefix = if whole { hole.prefix } else { "" };
        let (before, suffix) = self.around(prefix, &hole.request.suffix, rest);
        let mut prefix = Vec::new();
        let all = before.chunked.chunks.len();
        self.cache.append(&self.tokens, before.window, &before.chunked, (before.from, all), &mut prefix);
        Parts { prefix, suffix, typed, healing, ..Parts::default() }
    }

    /// `prefix` and `typed` as one text, then `suffix`, each cut as in [`Self::anchored`], so that the two can be compared.
    ///
    /// What healing takes back off the end of that text belongs after the suffix and the middle token: the answer begins with it.
    fn empty_middle(&mut self, request: &Request, room: Room, rest: usize) -> Parts {
        let (typed_text, typed_tokens) = self.typed(&request.typed, room.typed);
        let rest = rest - room.for_typed(typed_tokens).min(rest);
        let (before, suffix) = self.around(before(request, typed_text), &request.suffix, rest);
        let text = format!("{}{typed_text}", before.text());
        let (prefix, healing) = self.healed(&text, request.asking.healing);
        Parts { prefix, suffix, healing, ..Parts::default() }
    }

    /// `suffix`, then `prefix` and `typed` as one text. The suffix comes first, so its share must not depend on the prefix.
    fn suffix_first(&mut self, request: &Request, room: Room, rest: usize) -> Parts {
        let suffix_window = budget::first_bytes(&request.suffix, rest / 4);
        let suffix = self.cache.lasting(&self.tokens, suffix_window);
        let to = budget::head(&suffix, rest / 4);
        let mut parts = Parts::default();
        self.cache.append(&self.tokens, suffix_window, &suffix, (0, to), &mut parts.suffix);

        let (typed_text, typed_tokens) = self.typed(&request.typed, room.typed);
        let rest = rest.saturating_sub(parts.suffix.len() + room.for_typed(typed_tokens));
        let (window, chunked, cut) = self.last_lines(before(request, typed_text), rest);
        let from = budget::tail(window, &chunked, rest, cut);
        let text = format!("{}{typed_text}", Before { window, chunked, from }.text());
        (parts.prefix, parts.healing) = self.healed(&text, request.asking.healing);
        parts
    }

    /// What of `before` and `after` fits into `rest` tokens together.
    fn around<'r>(&mut self, before: &'r str, after: &str, rest: usize) -> (Before<'r>, Vec<Token>) {
        let (window, chunked, cut) = self.last_lines(before, rest);
        let suffix_window = budget::first_bytes(after, rest);
        let suffix = self.cache.lasting(&self.tokens, suffix_window);
        let (for_prefix, for_suffix) =
            budget::around_the_hole(rest, chunked.tokens.len(), suffix.tokens.len());
        let from = budget::tail(window, &chunked, for_prefix, cut);
        let to = budget::head(&suffix, for_suffix);
        let mut out = Vec::new();
        self.cache.append(&self.tokens, suffix_window, &suffix, (0, to), &mut out);
        if to == 0 && !suffix.chunks.is_empty() {
            // The rest of one very long line: better its beginning than nothing.
            out.extend_from_slice(&suffix.tokens[..for_suffix.min(suffix.tokens.len())]);
        }
        (Before { window, chunked, from }, out)
    }

    /// The end of `before` that can matter to `room` tokens, in chunks, and whether there is more of it.
    fn last_lines<'r>(&mut self, before: &'r str, room: usize) -> (&'r str, Arc<Chunked>, bool) {
        let window = budget::last_bytes(before, room);
        (window, self.cache.lasting(&self.tokens, window), window.len() < before.len())
    }

    /// The end of the typed text for which there is room, and about how many tokens it has.
    fn typed<'r>(&mut self, typed: &'r str, room: usize) -> (&'r str, usize) {
        let window = budget::last_bytes(typed, room);
        let chunked = self.cache.passing(&self.tokens, window);
        let from = budget::tail(window, &chunked, room, window.len() < typed.len());
        let kept = &window[chunked.bytes_before(from, window.len())..];
        (kept, chunked.tokens.len() - chunked.tokens_before(from))
    }

    /// The tokens of `text` without the last word's, and the last word; all of them where nothing is to be taken back.
    fn healed(&mut self, text: &str, healing: bool) -> (Vec<Token>, Healing) {
        let mut tokens = self.plain(text);
        if !healing {
            return (tokens, Healing::default());
        }
        if let Some(healing) = Healing::take_back(&mut tokens, text, &self.tokens) {
            return (tokens, healing);
        }
        // The tokens don't spell the text (a normalizing tokenizer): cut the text instead.
        let (kept, word) = text.split_at(heal::word_start(text));
        (self.plain(kept), Healing::of(word, self.plain(word)))
    }

    fn plain(&mut self, text: &str) -> Vec<Token> {
        let chunked = self.cache.passing(&self.tokens, text);
        let mut tokens = Vec::new();
        self.cache.append(&self.tokens, text, &chunked, (0, chunked.chunks.len()), &mut tokens);
        tokens
    }

    /// Context blocks in the order given, each with its header, as long as there is room; the first that doesn't fit is cut at the
    /// end of a line and is the last. Also how much of each excerpt that is.
    fn blocks(&mut self, blocks: &[Block], room: usize) -> (Vec<Token>, Vec<ShownExcerpt>) {
        let (mut out, mut excerpts) = (Vec::new(), Vec::new());
        for block in blocks {
            let header = self.header(&block.path);
            let Some(left) = room.checked_sub(out.len() + header.len() + 1) else { break };
            let window = budget::first_bytes(&block.text, left);
            let text = self.cache.lasting(&self.tokens, window);
            let to = budget::head(&text, left);
            if to == 0 {
                break;
            }
            excerpts.extend(shown::excerpts(block, (&text, window.len()), to, header.len()));
            out.extend(header);
            self.cache.append(&self.tokens, window, &text, (0, to), &mut out);
            if !block.text.ends_with('\n') && to == text.chunks.len() {
                let line_break = self.plain("\n");
                if let Some(last) = excerpts.last_mut() {
                    last.tokens += shown::count(line_break.len());
                }
                out.extend(line_break);
            }
            if text.tokens_before(to) < text.tokens.len() || window.len() < block.text.len() {
                break;
            }
        }
        // Where chunks are only estimates the text may have come out longer.
        out.truncate(room);
        (out, excerpts)
    }

    /// What comes before the text of another file.
    fn header(&mut self, path: &str) -> Vec<Token> {
        let mut header: Vec<Token> = match self.fim.files {
            Files::Separator { token, .. } => vec![token],
            Files::Header(_) | Files::Comment => Vec::new(),
        };
        header.extend(self.plain(&self.announcement(path)));
        header
    }

    /// The text by which a file is announced.
    pub(crate) fn announcement(&self, path: &str) -> String {
        match self.fim.files {
            Files::Separator { .. } => format!("{path}\n"),
            Files::Header(start) => format!("{start}{path}\n"),
            Files::Comment => format!("{} {path}\n", comment_mark(path)),
        }
    }

    /// What names the repository ahead of its files, where the family wants that.
    fn repository(&mut self, request: &Request) -> Vec<Token> {
        let Files::Separator { repository: Some(token), .. } = self.fim.files else { return Vec::new() };
        if request.repository.is_empty() {
            return Vec::new();
        }
        [vec![token], self.plain(&format!("{}\n", request.repository))].concat()
    }

    /// What names the file with the hole, where the family wants that.
    fn own_header(&mut self, request: &Request) -> Vec<Token> {
        let nowhere = matches!(self.fim.files, Files::Separator { own_path: OwnPath::Nowhere, .. });
        if nowhere || request.path.is_empty() { Vec::new() } else { self.header(&request.path) }
    }

    fn assemble(&self, layout: Layout, parts: &Parts) -> Vec<Token> {
        let fim = &self.fim;
        let mut out: Vec<Token> = fim.bos.into_iter().collect();
        match (layout, fim.files) {
            (Layout::SuffixFirst, files) => {
                let outside = matches!(files, Files::Separator { .. });
                let context = parts.blocks.iter().chain(&parts.own_header);
                if outside {
                    out.extend(context.clone());
                }
                out.push(fim.suffix);
                out.extend(&parts.suffix);
                out.push(fim.prefix);
                if !outside {
                    out.extend(context);
                }
            }
            (_, Files::Separator { own_path: OwnPath::AfterPrefix, .. }) if !parts.own_header.is_empty() => {
                out.extend(&parts.blocks);
                out.push(parts.own_header[0]);
                out.push(fim.prefix);
                out.extend(&parts.own_header[1..]);
            }
            (_, Files::Separator { .. }) => {
                out.extend(&parts.blocks);
                out.extend(&parts.own_header);
                out.push(fim.prefix);
            }
            (_, Files::Header(_) | Files::Comment) => {
                out.push(fim.prefix);
                out.extend(&parts.blocks);
                out.extend(&parts.own_header);
            }
        }
        out.extend(&parts.prefix);
        if layout != Layout::SuffixFirst {
            out.push(fim.suffix);
            out.extend(&parts.suffix);
        }
        out.extend(fim.middle);
        out.extend(&parts.typed);
        out
    }
}

/// The text before the hole, unless the typed text lost its head to the budget: what is left has nothing to do with it.
fn before<'r>(request: &'r Request, typed_kept: &str) -> &'r str {
    if typed_kept.len() < request.typed.len() { "" } else { &request.prefix }
}

/// The end of a text before the hole, as far as there is room for it.
struct Before<'r> {
    window: &'r str,
    chunked: Arc<Chunked>,
    /// The first chunk of `window` that is kept.
    from: usize,
}

impl<'r> Before<'r> {
    fn text(&self) -> &'r str {
        &self.window[self.chunked.bytes_before(self.from, self.window.len())..]
    }
}

/// The parts of one prompt. The typed text is part of `prefix` but for [`Layout::AnchoredMiddle`].
#[derive(Default)]
struct Parts {
    blocks: Vec<Token>,
    own_header: Vec<Token>,
    prefix: Vec<Token>,
    suffix: Vec<Token>,
    typed: Vec<Token>,
    healing: Healing,
}

impl Parts {
    /// What each part has of a prompt of so many tokens.
    fn shown(&self, prompt: usize) -> Shown {
        let parts = [&self.prefix, &self.typed, &self.suffix, &self.blocks].map(Vec::len);
        let frame = shown::count(prompt - parts.iter().sum::<usize>());
        let [before, typed, after, elsewhere] = parts.map(shown::count);
        Shown { before, typed, after, elsewhere, frame, ..Shown::default() }
    }

    /// The last guard: cuts until prefix, suffix and typed fit. Only estimated chunks and single very long lines get here.
    fn fit(&mut self, room: usize) {
        let mut excess = (self.prefix.len() + self.suffix.len() + self.typed.len()).saturating_sub(room);
        let cut = excess.min(self.suffix.len());
        self.suffix.truncate(self.suffix.len() - cut);
        excess -= cut;
        let cut = excess.min(self.prefix.len());
        self.prefix.drain(..cut);
        excess -= cut;
        self.typed.drain(..excess.min(self.typed.len()));
    }
}

/// How a line comment begins in the language that the path's extension suggests.
fn comment_mark(path: &str) -> &'static str {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension {
        "py" | "pyi" | "rb" | "sh" | "bash" | "zsh" | "fish" | "toml" | "yaml" | "yml" | "r" | "pl"
        | "ex" | "exs" | "nix" | "mk" => "#",
        "lua" | "sql" | "hs" | "elm" | "ada" => "--",
        "el" | "lisp" | "clj" | "scm" | "asm" => ";",
        "tex" | "erl" => "%",
        _ => "//",
    }
}

#[cfg(test)]
mod tests;
