//! How much of a tree is not syntax.
//!
//! Counts. Must not judge: that is `verify`.

use tree_sitter::Node;

/// How many ERROR and MISSING nodes the tree has. A node that tree-sitter marks as holding an error of which nothing can be
/// seen (a hidden token is missing, such as the line break that ends a Python statement) counts as one.
pub(crate) fn count(root: Node<'_>) -> u32 {
    let mut cursor = root.walk();
    let mut total = 0;
    loop {
        let node = cursor.node();
        // `has_error` prunes: only the paths to errors are walked.
        if node.has_error() {
            total += u32::from(is_fault(&node));
            if cursor.goto_first_child() {
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return total;
            }
        }
    }
}

/// Whether the node is itself an error, and not merely around one.
fn is_fault(node: &Node<'_>) -> bool {
    node.is_error() || node.is_missing() || !node.children(&mut node.walk()).any(|child| child.has_error())
}
