; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (package_clause)
  (import_declaration)
  (const_declaration)
  (var_declaration)
  (type_declaration)
  (function_declaration)
  (method_declaration)
] @item

[
  (assignment_statement)
  (short_var_declaration)
  (expression_statement)
  (send_statement)
  (inc_statement)
  (dec_statement)
  (if_statement)
  (for_statement)
  (expression_switch_statement)
  (type_switch_statement)
  (select_statement)
  (expression_case)
  (type_case)
  (communication_case)
  (default_case)
  (go_statement)
  (defer_statement)
  (return_statement)
  (break_statement)
  (continue_statement)
  (fallthrough_statement)
  (goto_statement)
  (labeled_statement)
  (import_spec)
  (const_spec)
  (var_spec)
  (type_spec)
  (field_declaration)
  (method_elem)
] @statement

[
  (block)
  (field_declaration_list)
] @block

[
  (argument_list)
  (parameter_list)
  (type_arguments)
  (type_parameter_list)
  (literal_value)
  (import_spec_list)
  (var_spec_list)
  (parenthesized_expression)
] @list

[
  (interpreted_string_literal)
  (raw_string_literal)
  (rune_literal)
] @string

; A string without an end.
(ERROR ["\"" "`"] @string.open)

(comment) @comment
