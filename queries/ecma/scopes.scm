; Where a completion ends, and where it must not look like code. The captures: ../README.md.
; For JavaScript and TypeScript.

[
  (class_declaration)
  (function_declaration)
  (generator_function_declaration)
  (import_statement)
  (export_statement)
] @item

[
  (lexical_declaration)
  (variable_declaration)
  (expression_statement)
  (if_statement)
  (else_clause)
  (for_statement)
  (for_in_statement)
  (while_statement)
  (do_statement)
  (switch_statement)
  (switch_case)
  (switch_default)
  (try_statement)
  (catch_clause)
  (finally_clause)
  (return_statement)
  (throw_statement)
  (break_statement)
  (continue_statement)
  (debugger_statement)
  (labeled_statement)
  (method_definition)
  (decorator)
] @statement

[
  (statement_block)
  (class_body)
  (switch_body)
] @block

[
  (arguments)
  (formal_parameters)
  (array)
  (array_pattern)
  (object)
  (object_pattern)
  (named_imports)
  (export_clause)
  (parenthesized_expression)
] @list

[
  (string)
  (template_string)
  (regex)
] @string

; A string without an end.
(ERROR ["\"" "'" "`"] @string.open)

; What stands between the braces of a template is code again.
(template_substitution) @code

(comment) @comment
