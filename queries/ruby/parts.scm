; What an evaluation cuts out of a file. The captures: ../README.md.

(argument_list) @arguments
(method_parameters) @arguments

(program (_) @statement)
(body_statement (_) @statement)
(block_body (_) @statement)
(then (_) @statement)
(do (_) @statement)

(method body: (body_statement) @body)
(singleton_method body: (body_statement) @body)
