; What a file defines. The captures: ../README.md.

(function_definition name: (_) @name body: (_) @body) @function
(variable_assignment name: (variable_name) @name value: (_)? @body) @variable
(declaration_command (variable_assignment name: (variable_name) @name value: (_)? @body)) @variable

[
  (if_statement)
  (ERROR)
] @inside

(comment) @comment
