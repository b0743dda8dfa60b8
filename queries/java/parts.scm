; What an evaluation cuts out of a file. The captures: ../README.md.

(argument_list) @arguments
(formal_parameters) @arguments

(program (_) @statement)
(block (_) @statement)
(constructor_body (_) @statement)
(class_body (_) @statement)
(interface_body (_) @statement)
(enum_body_declarations (_) @statement)

(method_declaration body: (block) @body)
(constructor_declaration body: (constructor_body) @body)
(lambda_expression body: (block) @body)
