; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (package_declaration)
  (import_declaration)
  (class_declaration)
  (interface_declaration)
  (enum_declaration)
  (record_declaration)
  (annotation_type_declaration)
  (method_declaration)
] @item

[
  (local_variable_declaration)
  (expression_statement)
  (if_statement)
  (for_statement)
  (enhanced_for_statement)
  (while_statement)
  (do_statement)
  (switch_block_statement_group)
  (switch_rule)
  (try_statement)
  (try_with_resources_statement)
  (catch_clause)
  (finally_clause)
  (synchronized_statement)
  (assert_statement)
  (return_statement)
  (yield_statement)
  (throw_statement)
  (break_statement)
  (continue_statement)
  (labeled_statement)
  (explicit_constructor_invocation)
  (field_declaration)
  (constant_declaration)
  (constructor_declaration)
  (compact_constructor_declaration)
  (static_initializer)
  (enum_constant)
  (annotation_type_element_declaration)
] @statement

[
  (block)
  (constructor_body)
  (class_body)
  (interface_body)
  (enum_body)
  (annotation_type_body)
  (switch_block)
] @block

[
  (argument_list)
  (formal_parameters)
  (inferred_parameters)
  (annotation_argument_list)
  (array_initializer)
  (resource_specification)
  (type_arguments)
  (type_parameters)
  (parenthesized_expression)
] @list

[
  (string_literal)
  (character_literal)
] @string

; A string without an end.
(ERROR ["\"" "\"\"\""] @string.open)

; What stands between the braces of a template is code again.
(string_interpolation) @code

(line_comment) @comment.line
(block_comment) @comment.block
