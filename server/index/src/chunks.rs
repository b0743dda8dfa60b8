//! Cuts a file into chunks: pieces that are found, and shown to a model, as a whole.
//!
//! A chunk is a definition, or several small ones in a row, or what is between them. Where there is no syntax, paragraphs take the
//! place of definitions. Must not know a language.

use std::ops::Range;

use crate::lines::Lines;

/// A group of so many lines is left at that.
const ENOUGH: usize = 40;
/// And none has more.
const MOST: usize = 60;
/// Nor more bytes. A line that is longer by itself was made by a program, and is in no chunk.
const MOST_BYTES: usize = 8 << 10;

/// A definition, as far as it matters here: its lines, with its doc, and which one it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) lines: Range<usize>,
    pub(crate) parent: Option<usize>,
}

/// The lines of each chunk of a text, in order. `blocks` are in the order of the text, outer before inner.
pub(crate) fn chunks(text: &str, lines: &Lines, blocks: &[Block]) -> Vec<Range<usize>> {
    let mut cutter =
        Cutter { text, lines, children: vec![Vec::new(); blocks.len() + 1], blocks, chunks: Vec::new() };
    for (index, block) in blocks.iter().enumerate() {
        cutter.children[block.parent.map_or(0, |parent| parent + 1)].push(index);
    }
    cutter.cut(0..lines.count(), None);
    cutter.chunks
}

struct Cutter<'a> {
    text: &'a str,
    lines: &'a Lines,
    blocks: &'a [Block],
    /// The blocks right within each block, one index further up; those within none come first.
    children: Vec<Vec<usize>>,
    chunks: Vec<Range<usize>>,
}

impl Cutter<'_> {
    /// Cuts the lines of a block, or of the file, at the blocks within it.
    fn cut(&mut self, within: Range<usize>, block: Option<usize>) {
        let mut group = within.start..within.start;
        let mut at = within.start;
        for index in self.children[block.map_or(0, |block| block + 1)].clone() {
            // Two definitions can share a line; it goes to the first.
            let lines = self.blocks[index].lines.start.clamp(at, within.end)
                ..self.blocks[index].lines.end.clamp(at, within.end);
            if lines.is_empty() {
                continue;
            }
            self.add(&mut group, at..lines.start, None);
            at = lines.end;
            self.add(&mut group, lines, Some(index));
        }
        self.add(&mut group, at..within.end, None);
        self.finish(group);
    }

    /// Adds lines behind a group of others, or begins a new one.
    fn add(&mut self, group: &mut Range<usize>, lines: Range<usize>, block: Option<usize>) {
        if lines.is_empty() {
            return;
        }
        if !self.fits(&(group.start..lines.end)) || group.len() >= ENOUGH {
            self.finish(std::mem::replace(group, lines.start..lines.start));
        }
        if self.fits(&lines) {
            group.end = lines.end;
            return;
        }
        // Too large for one chunk by itself.
        match block {
            Some(block) if !self.children[block + 1].is_empty() => self.cut(lines.clone(), Some(block)),
            _ => self.paragraphs(lines.clone()),
        }
        *group = lines.end..lines.end;
    }

    /// Cuts lines at blank ones as far as possible.
    fn paragraphs(&mut self, lines: Range<usize>) {
        let mut start = lines.start;
        let mut blank = None;
        for line in lines.clone() {
            let bytes = self.lines.bytes(line..line + 1);
            if bytes.len() > MOST_BYTES {
                self.finish(start..line);
                (start, blank) = (line + 1, None);
                continue;
            }
            if !self.fits(&(start..line + 1)) {
                let cut = blank.filter(|cut| *cut > start).unwrap_or(line);
                self.finish(start..cut);
                (start, blank) = (cut, None);
            }
            if self.text[bytes].trim().is_empty() {
                blank = Some(line + 1);
                if line + 1 - start >= ENOUGH {
                    self.finish(start..line + 1);
                    start = line + 1;
                }
            }
        }
        self.finish(start..lines.end);
    }

    fn fits(&self, lines: &Range<usize>) -> bool {
        lines.len() <= MOST && self.lines.bytes(lines.clone()).len() <= MOST_BYTES
    }

    /// Takes a finished chunk, without blank lines around it.
    fn finish(&mut self, mut lines: Range<usize>) {
        let blank = |line: usize| self.text[self.lines.bytes(line..line + 1)].trim().is_empty();
        while !lines.is_empty() && blank(lines.start) {
            lines.start += 1;
        }
        while !lines.is_empty() && blank(lines.end - 1) {
            lines.end -= 1;
        }
        if !lines.is_empty() {
            self.chunks.push(lines);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(text: &str, blocks: &[Block], expected: &[Range<usize>]) {
        assert_eq!(chunks(text, &Lines::of(text), blocks), expected);
    }

    fn block(lines: Range<usize>, parent: Option<usize>) -> Block {
        Block { lines, parent }
    }

    #[test]
    fn small_definitions_share_a_chunk() {
        let text = "x\n".repeat(100);
        let blocks: Vec<Block> = (0..10).map(|n| block(n * 10..n * 10 + 9, None)).collect();
        check(&text, &blocks, &[0..40, 40..80, 80..100]);
    }

    #[test]
    fn a_large_definition_is_cut_at_those_within_it() {
        let text = "x\n".repeat(130);
        let blocks =
            [block(2..130, None), block(4..50, Some(0)), block(51..100, Some(0)), block(101..129, Some(0))];
        check(&text, &blocks, &[0..2, 2..50, 50..100, 100..130]);
    }

    #[test]
    fn without_syntax_paragraphs_are_cut() {
        let paragraph = format!("{}\n", "word\n".repeat(24));
        check(&paragraph.repeat(4), &[], &[0..49, 50..99]);
        check(&"word\n".repeat(130), &[], &[0..60, 60..120, 120..130]);
    }

    #[test]
    fn a_line_that_a_program_wrote_is_in_no_chunk() {
        let text = format!("a\n{}\nb\n", "x".repeat(10_000));
        check(&text, &[], &[0..1, 2..3]);
        check(&"x".repeat(10_000), &[], &[]);
        check("", &[], &[]);
    }

    proptest! {
        #[test]
        fn chunks_are_small_in_order_and_leave_out_blank_and_long_lines_only(
            text in "([a-z]{0,12}(\n|\r\n|\r)){0,200}[a-z]{0,3}",
            ranges in prop::collection::vec((0usize..200, 0usize..120), 0..12),
        ) {
            let lines = Lines::of(&text);
            let mut blocks: Vec<Block> = ranges.iter().map(|&(start, length)| block(start..start + length, None)).collect();
            blocks.sort_by_key(|block| block.lines.start);
            let chunks = chunks(&text, &lines, &blocks);
            let mut covered = vec![false; lines.count()];
            let mut before = 0;
            for chunk in chunks {
                prop_assert!(chunk.start >= before && !chunk.is_empty() && chunk.len() <= MOST);
                before = chunk.end;
                covered[chunk].fill(true);
            }
            for (line, covered) in covered.into_iter().enumerate() {
                prop_assert!(covered || text[lines.bytes(line..line + 1)].trim().is_empty(), "line {line} is nowhere");
            }
        }
    }
}
