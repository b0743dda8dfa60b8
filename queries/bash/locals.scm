; Which names are bound where, and which are used. The captures: ../README.md.

; Without `local` or `declare` a variable is bound everywhere.
(function_definition) @scope

(function_definition name: (word) @label)
(declaration_command (variable_assignment name: (variable_name) @bound))
(declaration_command (variable_name) @bound)
(for_statement variable: (variable_name) @bound)

(command name: (command_name (word) @use))
(simple_expansion (variable_name) @use)
(expansion (variable_name) @use)
