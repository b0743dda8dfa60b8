; Where a completion ends, and where it must not look like code. The captures: ../README.md.

(function_definition) @item

[
  (command)
  (declaration_command)
  (unset_command)
  (test_command)
  (negated_command)
  (variable_assignment)
  (pipeline)
  (list)
  (redirected_statement)
  (if_statement)
  (elif_clause)
  (else_clause)
  (for_statement)
  (c_style_for_statement)
  (while_statement)
  (case_statement)
  (case_item)
] @statement

[
  (compound_statement)
  (do_group)
  (subshell)
] @block

(array) @list

[
  (string)
  (raw_string)
  (ansi_c_string)
  (heredoc_body)
] @string

; A string without an end.
(ERROR "\"" @string.open)
(string . "\"" @string.open (MISSING "\""))

; What is run or expanded within a string is code again.
[
  (command_substitution)
  (expansion)
  (arithmetic_expansion)
] @code

(comment) @comment.line
