; What an evaluation cuts out of a file. The captures: ../README.md.

(call arguments: (argument_list) @arguments)
(parameters) @arguments

(module (_) @statement)
(block (_) @statement)

(function_definition body: (block) @body)
