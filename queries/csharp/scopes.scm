; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (using_directive)
  (namespace_declaration)
  (file_scoped_namespace_declaration)
  (class_declaration)
  (struct_declaration)
  (record_declaration)
  (interface_declaration)
  (enum_declaration)
  (delegate_declaration)
] @item

[
  (local_declaration_statement)
  (local_function_statement)
  (expression_statement)
  (if_statement)
  (for_statement)
  (foreach_statement)
  (while_statement)
  (do_statement)
  (switch_statement)
  (switch_section)
  (switch_expression_arm)
  (try_statement)
  (catch_clause)
  (finally_clause)
  (using_statement)
  (lock_statement)
  (fixed_statement)
  (checked_statement)
  (unsafe_statement)
  (return_statement)
  (yield_statement)
  (throw_statement)
  (break_statement)
  (continue_statement)
  (goto_statement)
  (labeled_statement)
  (field_declaration)
  (event_field_declaration)
  (event_declaration)
  (property_declaration)
  (indexer_declaration)
  (accessor_declaration)
  (method_declaration)
  (constructor_declaration)
  (destructor_declaration)
  (operator_declaration)
  (conversion_operator_declaration)
  (enum_member_declaration)
] @statement

[
  (block)
  (declaration_list)
  (enum_member_declaration_list)
  (accessor_list)
  (switch_body)
] @block

[
  (argument_list)
  (bracketed_argument_list)
  (attribute_list)
  (attribute_argument_list)
  (parameter_list)
  (bracketed_parameter_list)
  (type_argument_list)
  (type_parameter_list)
  (initializer_expression)
  (collection_expression)
  (tuple_expression)
  (tuple_type)
  (parenthesized_expression)
] @list

[
  (string_literal)
  (verbatim_string_literal)
  (raw_string_literal)
  (character_literal)
  (interpolated_string_expression)
] @string

; A string without an end.
(ERROR "\"" @string.open)

; What stands between the braces of an interpolated string is code again.
(interpolation) @code

(comment) @comment
