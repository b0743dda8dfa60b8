; What an evaluation cuts out of a file. The captures: ../README.md.
; For JavaScript and TypeScript.

(arguments) @arguments
(formal_parameters) @arguments

(program (_) @statement)
(statement_block (_) @statement)
(class_body (_) @statement)
(switch_body (_) @statement)

(function_declaration body: (statement_block) @body)
(generator_function_declaration body: (statement_block) @body)
(function_expression body: (statement_block) @body)
(arrow_function body: (statement_block) @body)
(method_definition body: (statement_block) @body)
