; What an evaluation cuts out of a file. The captures: ../README.md.

(argument_list) @arguments
(function_declaration parameters: (parameter_list) @arguments)
(method_declaration parameters: (parameter_list) @arguments)
(func_literal parameters: (parameter_list) @arguments)

(source_file (_) @statement)
(statement_list (_) @statement)
(field_declaration_list (_) @statement)
[
  (expression_case)
  (type_case)
  (communication_case)
  (default_case)
] @statement

(function_declaration body: (block) @body)
(method_declaration body: (block) @body)
(func_literal body: (block) @body)
