; Where a completion ends, and where it must not look like code. The captures: ../README.md.

[
  (class)
  (module)
  (method)
  (singleton_method)
] @item

; Any expression is a statement where it stands in a sequence.
(program (_) @statement)
(body_statement (_) @statement)
(block_body (_) @statement)
(begin (_) @statement)
(then (_) @statement)
(else (_) @statement)
(do (_) @statement)
[
  (when)
  (in_clause)
  (elsif)
  (rescue)
  (ensure)
] @statement

[
  (body_statement)
  (block_body)
  (then)
  (do)
] @block

[
  (argument_list)
  (method_parameters)
  (block_parameters)
  (lambda_parameters)
  (array)
  (hash)
  (parenthesized_statements)
] @list

[
  (string)
  (string_array)
  (symbol_array)
  (delimited_symbol)
  (heredoc_body)
  (regex)
  (subshell)
  (character)
] @string

; A string without an end.
(ERROR ["\"" "`"] @string.open)

; What stands between the braces of a string is code again.
(interpolation) @code

(comment) @comment
