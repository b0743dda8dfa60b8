; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (class_definition)
  (function_definition)
  (decorated_definition)
] @item

[
  (assert_statement)
  (break_statement)
  (continue_statement)
  (delete_statement)
  (exec_statement)
  (expression_statement)
  (future_import_statement)
  (global_statement)
  (import_from_statement)
  (import_statement)
  (nonlocal_statement)
  (pass_statement)
  (print_statement)
  (raise_statement)
  (return_statement)
  (type_alias_statement)
  (for_statement)
  (if_statement)
  (match_statement)
  (try_statement)
  (while_statement)
  (with_statement)
  (case_clause)
  (elif_clause)
  (else_clause)
  (except_clause)
  (finally_clause)
  (decorator)
] @statement

(block) @block

[
  (argument_list)
  (parameters)
  (type_parameter)
  (list)
  (list_comprehension)
  (list_pattern)
  (tuple)
  (tuple_pattern)
  (set)
  (set_comprehension)
  (dictionary)
  (dictionary_comprehension)
  (generator_expression)
  (parenthesized_expression)
  (subscript)
] @list

(string) @string

; A string without an end.
(ERROR (string_start) @string.open)

; What stands between the braces of an f-string is code again.
(interpolation) @code

(comment) @comment.line
