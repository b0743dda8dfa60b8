; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (attribute_item)
  (inner_attribute_item)
  (const_item)
  (enum_item)
  (extern_crate_declaration)
  (foreign_mod_item)
  (function_item)
  (function_signature_item)
  (impl_item)
  (macro_definition)
  (mod_item)
  (static_item)
  (struct_item)
  (trait_item)
  (type_item)
  (associated_type)
  (union_item)
  (use_declaration)
] @item

[
  (let_declaration)
  (expression_statement)
  (empty_statement)
  (match_arm)
  (macro_rule)
  (enum_variant)
  (field_declaration)
  (where_predicate)
] @statement

; The value at the end of a block is an expression without a statement around it.
(block (_expression) @statement)

[
  (block)
  (declaration_list)
  (match_block)
  (enum_variant_list)
  (field_declaration_list)
] @block

[
  (arguments)
  (parameters)
  (closure_parameters)
  (type_arguments)
  (type_parameters)
  (array_expression)
  (tuple_expression)
  (tuple_type)
  (tuple_pattern)
  (tuple_struct_pattern)
  (slice_pattern)
  (struct_pattern)
  (field_initializer_list)
  (ordered_field_declaration_list)
  (parenthesized_expression)
  (use_list)
  (token_tree)
] @list

[
  (string_literal)
  (raw_string_literal)
  (char_literal)
] @string

; A string without an end, where no other string follows to end it.
(ERROR "\"" @string.open)

(line_comment) @comment.line
(block_comment) @comment.block
