; Where a completion ends, and where it must not look like code. The captures: ../README.md.
; Beside ../c.

[
  (namespace_definition)
  (template_declaration)
  (using_declaration)
  (alias_declaration)
  (concept_definition)
] @item
(translation_unit (class_specifier) @item)

[
  (for_range_loop)
  (try_statement)
  (catch_clause)
  (throw_statement)
  (co_return_statement)
  (co_yield_statement)
  (static_assert_declaration)
  (friend_declaration)
  (field_initializer)
] @statement

[
  (template_argument_list)
  (template_parameter_list)
  (subscript_argument_list)
  (lambda_capture_specifier)
  (condition_clause)
] @list

(raw_string_literal) @string
