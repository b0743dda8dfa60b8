; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (function_definition)
  (type_definition)
  (linkage_specification)
  (preproc_include)
  (preproc_def)
  (preproc_function_def)
] @item
(translation_unit (declaration) @item)
(translation_unit [(struct_specifier) (union_specifier) (enum_specifier)] @item)

[
  (declaration)
  (expression_statement)
  (if_statement)
  (else_clause)
  (for_statement)
  (while_statement)
  (do_statement)
  (switch_statement)
  (case_statement)
  (return_statement)
  (break_statement)
  (continue_statement)
  (goto_statement)
  (labeled_statement)
  (field_declaration)
  (enumerator)
] @statement

[
  (compound_statement)
  (field_declaration_list)
  (enumerator_list)
  (declaration_list)
] @block

[
  (argument_list)
  (parameter_list)
  (initializer_list)
  (preproc_params)
  (parenthesized_expression)
] @list

[
  (string_literal)
  (char_literal)
  (system_lib_string)
] @string

; A string without an end.
(ERROR "\"" @string.open)

(comment) @comment
