; What an evaluation cuts out of a file. The captures: ../README.md.

(program (_) @statement)
(compound_statement (_) @statement)
(do_group (_) @statement)
(subshell (_) @statement)

(function_definition body: (compound_statement) @body)
