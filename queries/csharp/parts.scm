; What an evaluation cuts out of a file. The captures: ../README.md.

(argument_list) @arguments
(parameter_list) @arguments

(compilation_unit (_) @statement)
(declaration_list (_) @statement)
(block (_) @statement)
(switch_body (_) @statement)

(method_declaration body: (block) @body)
(constructor_declaration body: (block) @body)
(local_function_statement body: (block) @body)
(lambda_expression body: (block) @body)
(accessor_declaration body: (block) @body)
